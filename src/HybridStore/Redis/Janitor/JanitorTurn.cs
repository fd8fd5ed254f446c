using StackExchange.Redis;

namespace HybridStore.Redis.Janitor;

/// <summary>The right to tidy up, which one instance has at a time. It ends by itself where its holder dies.</summary>
internal sealed class JanitorTurn(PacedCalls calls, RedisKey name)
{
    /// <summary>How long it is had without being renewed. Longer than any pause between two looks at it.</summary>
    public static readonly TimeSpan Term = TimeSpan.FromSeconds(30);

    private readonly string _token = Guid.NewGuid().ToString("N");
    private long _renewedAt;

    /// <summary>False if somebody else has it, or has had it lately.</summary>
    /// <param name="generation">The generation that this process knows: what was tidied up in an earlier one needs it again.</param>
    public Task<bool> TakeAsync(long generation) => RunAsync("take", Term, generation);

    /// <summary>Whether it is still had. Renews it now and then; to be asked before each step.</summary>
    public Task<bool> HoldsAsync() =>
        calls.Time.GetElapsedTime(_renewedAt) < Term / 3 ? Task.FromResult(true) : RunAsync("renew", Term, generation: 0);

    /// <summary>Leaves it: nobody needs to take it for a while.</summary>
    /// <param name="generation">The generation that was tidied up.</param>
    /// <param name="rest">For how long; zero if there is more to do.</param>
    public Task LeaveAsync(long generation, TimeSpan rest) => RunAsync("leave", rest, generation);

    /// <summary>Leaves it to the next one, without waiting for Redis.</summary>
    public void GiveUp() => calls.SendLast(RedisScript.Turn, [name], ["leave", _token, 0, 0]);

    private async Task<bool> RunAsync(string what, TimeSpan time, long generation)
    {
        var askedAt = calls.Time.GetTimestamp();
        var answer = await calls.EvaluateAsync(
            RedisScript.Turn, [name], [what, _token, (long)time.TotalMilliseconds, generation]).ConfigureAwait(false);
        if (!(bool)answer)
        {
            return false;
        }

        _renewedAt = askedAt;
        return true;
    }
}
