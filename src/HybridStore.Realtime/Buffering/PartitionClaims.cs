using Microsoft.Extensions.Logging;

namespace HybridStore.Realtime.Buffering;

/// <summary>Which partitions this process writes: its share among the processes that live, and more while nobody else takes them. Safe to use
/// from any thread.</summary>
internal sealed class PartitionClaims(
    Func<CancellationToken, Task<ClaimSession>> open, BufferLayout layout, BufferSignals signals, ILogger logger, TimeProvider timeProvider)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    private readonly bool[] _owned = new bool[layout.Partitions];

    public bool Owns(int partition) => Volatile.Read(ref _owned[partition]);

    /// <summary>Holds claims until it is cancelled. Does not throw.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var pause = Interval;
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                var session = await open(cancellationToken).ConfigureAwait(false);
                await using (session.ConfigureAwait(false))
                {
                    pause = Interval;
                    while (true)
                    {
                        await ShareAsync(session, cancellationToken).ConfigureAwait(false);
                        await Task.Delay(Interval, timeProvider, cancellationToken).ConfigureAwait(false);
                    }
                }
            }
            catch (Exception) when (cancellationToken.IsCancellationRequested)
            {
                break;
            }
            catch (Exception error)
            {
                // Whatever it is, it must not end the claims of this process for good.
                Array.Clear(_owned);
                BufferLog.NoClaims(logger, layout.Name, error);
                await Task.Delay(pause, timeProvider, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
            }
        }

        Array.Clear(_owned);
    }

    private async Task ShareAsync(ClaimSession session, CancellationToken cancellationToken)
    {
        var members = await session.CountMembersAsync(cancellationToken).ConfigureAwait(false);
        var share = (layout.Partitions + members - 1) / Math.Max(members, 1);
        var order = Enumerable.Range(0, layout.Partitions).ToArray();
        Random.Shared.Shuffle(order);
        var owned = order.Count(Owns);
        foreach (var partition in order)
        {
            if (Owns(partition) && owned > share)
            {
                owned--;
                Volatile.Write(ref _owned[partition], false);
                await session.ReleaseAsync(partition, cancellationToken).ConfigureAwait(false);
                BufferLog.Released(logger, layout.Name, partition);
            }
            else if (!Owns(partition) && owned < share && await session.TryClaimAsync(partition, cancellationToken).ConfigureAwait(false))
            {
                owned++;
                Volatile.Write(ref _owned[partition], true);
                BufferLog.Claimed(logger, layout.Name, partition);
                signals.Of(partition).Set();
            }
        }
    }
}
