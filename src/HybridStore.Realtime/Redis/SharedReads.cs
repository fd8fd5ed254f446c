using HybridStore.Resilience;

namespace HybridStore.Realtime.Redis;

/// <summary>Reads that many callers make alike: whoever asks for what is being read at that moment shares the next reading with all others who do, so
/// that each answer was read after its callers had asked for it. Safe to use from any thread.</summary>
/// <typeparam name="TWhat">What is asked for, by value.</typeparam>
/// <typeparam name="TAnswer">The answer, which its callers share: it must be immutable.</typeparam>
/// <param name="readAsync">Reads. What it throws goes to all who share the reading.</param>
/// <param name="limit">Ends waits.</param>
internal sealed class SharedReads<TWhat, TAnswer>(
    Func<TWhat, ValueTask<RedisCallResult<TAnswer>>> readAsync, IWaitLimit<RedisCallResult<TAnswer>> limit)
    where TWhat : notnull
{
    private readonly CallCombiner<TWhat, ValueTuple, RedisCallResult<TAnswer>> _calls = new(
        async (what, callers) =>
        {
            var answers = new RedisCallResult<TAnswer>[callers.Count];
            Array.Fill(answers, await readAsync(what).ConfigureAwait(false));
            return answers;
        },
        itemsPerCall: int.MaxValue,
        limit: limit);

    /// <summary>Throws what reading throws, and when the caller cancels.</summary>
    public Task<RedisCallResult<TAnswer>> ReadAsync(TWhat what, CancellationToken cancellationToken) =>
        _calls.MakeAsync(what, default, cancellationToken);
}
