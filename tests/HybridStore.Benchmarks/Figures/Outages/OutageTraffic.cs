using System.Collections.Concurrent;
using System.Diagnostics;

namespace HybridStore.Benchmarks.Figures.Outages;

/// <summary>Callers of both instances who read, and now and then write, at a steady pace until they are stopped; and what becomes of
/// them.</summary>
internal sealed class OutageTraffic : IAsyncDisposable
{
    private const int CallersOfEach = 32;
    private const double ShareOfWrites = 0.03;

    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(20);

    private readonly CancellationTokenSource _stopping = new();
    private readonly ConcurrentQueue<Request> _requests = new();
    private readonly long[][] _written;
    private readonly Task[] _callers;
    private long[]? _settled;

    public OutageTraffic(IReadOnlyList<OutageStore> stores)
    {
        _written = [.. stores.Select(_ => new long[OutageStore.Rows + 1])];
        _callers = [.. stores.SelectMany((store, instance) =>
            Enumerable.Range(0, CallersOfEach).Select(caller => Task.Run(() => RunAsync(store, instance, new Random((instance * 1000) + caller)))))];
    }

    public int Callers => _callers.Length;

    /// <summary>From here on all that has been written, by whichever instance, has to be seen by both. To be called when both have
    /// recovered.</summary>
    public void Settle() =>
        Volatile.Write(ref _settled, [.. Enumerable.Range(0, OutageStore.Rows + 1).Select(id => _written.Max(of => Volatile.Read(ref of[id])))]);

    /// <summary>From here on an instance has to see its own writes alone.</summary>
    public void Unsettle() => Volatile.Write(ref _settled, null);

    /// <summary>The requests that have ended since it was asked last.</summary>
    public IReadOnlyList<Request> Take()
    {
        var taken = new List<Request>();
        while (_requests.TryDequeue(out var request))
        {
            taken.Add(request);
        }

        return taken;
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await Task.WhenAll(_callers);
        _stopping.Dispose();
    }

    private async Task RunAsync(OutageStore store, int instance, Random random)
    {
        var own = _written[instance];
        while (!_stopping.IsCancellationRequested)
        {
            await Task.Delay(Pace * (0.5 + random.NextDouble()), _stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            var id = random.Next(1, OutageStore.Rows + 1);
            var isWrite = random.NextDouble() < ShareOfWrites;
            var startedAt = Stopwatch.GetTimestamp();
            var isStale = false;
            Exception? failure = null;
            try
            {
                if (isWrite)
                {
                    Raise(ref own[id], await store.WriteAsync(id));
                }
                else
                {
                    // What is demanded is what was known before the read began.
                    var least = Math.Max(Volatile.Read(ref own[id]), Volatile.Read(ref _settled)?[id] ?? 0);
                    isStale = await store.ReadAsync(id) < least;
                }
            }
            catch (Exception error)
            {
                failure = error;
            }

            _requests.Enqueue(new Request(isWrite, startedAt, Stopwatch.GetTimestamp(), isStale, failure));
        }
    }

    private static void Raise(ref long target, long value)
    {
        for (var seen = Volatile.Read(ref target); value > seen; seen = Volatile.Read(ref target))
        {
            Interlocked.CompareExchange(ref target, value, seen);
        }
    }

    /// <summary>A read or write of a caller.</summary>
    internal readonly record struct Request(bool IsWrite, long StartedAt, long EndedAt, bool IsStale, Exception? Failure)
    {
        public TimeSpan Duration => Stopwatch.GetElapsedTime(StartedAt, EndedAt);
    }
}
