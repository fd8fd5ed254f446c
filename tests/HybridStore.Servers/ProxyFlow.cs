using System.Diagnostics;

namespace HybridStore.Servers;

/// <summary>One direction through a <see cref="FaultProxy"/>, for all its connections. Safe to change at any time.</summary>
public sealed class ProxyFlow
{
    private long _latencyTicks;
    private long _bytesPerSecond;
    private long _bytes;
    private int _toCorrupt;
    private TaskCompletionSource? _stall;

    internal ProxyFlow()
    {
    }

    /// <summary>How long each byte is under way in addition; bytes behind it are not slowed down more than that.</summary>
    public TimeSpan Latency
    {
        get => TimeSpan.FromTicks(Interlocked.Read(ref _latencyTicks));
        set
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, TimeSpan.Zero);
            Interlocked.Exchange(ref _latencyTicks, value.Ticks);
        }
    }

    /// <summary>The most bytes a second on each connection; zero is no limit.</summary>
    public long BytesPerSecond
    {
        get => Interlocked.Read(ref _bytesPerSecond);
        set
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value);
            Interlocked.Exchange(ref _bytesPerSecond, value);
        }
    }

    /// <summary>Bytes delivered so far.</summary>
    public long Bytes => Interlocked.Read(ref _bytes);

    /// <summary>Whether no byte passes.</summary>
    public bool IsStalled => Volatile.Read(ref _stall) is not null;

    /// <summary>Stops the bytes until <see cref="Resume"/>; connections stay.</summary>
    public void Stall() =>
        Interlocked.CompareExchange(ref _stall, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously), null);

    /// <summary>Ends <see cref="Stall"/>; what was kept back is delivered.</summary>
    public void Resume() => Interlocked.Exchange(ref _stall, null)?.TrySetResult();

    /// <summary>Inverts every bit of the next <paramref name="count"/> bytes.</summary>
    public void CorruptNext(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        Interlocked.Exchange(ref _toCorrupt, count);
    }

    /// <summary>Ends every fault of this direction.</summary>
    public void Restore()
    {
        Latency = TimeSpan.Zero;
        BytesPerSecond = 0;
        CorruptNext(0);
        Resume();
    }

    internal void Count(int bytes) => Interlocked.Add(ref _bytes, bytes);

    internal long DueAt(long arrivedAt) =>
        arrivedAt + (long)(Latency.TotalSeconds * Stopwatch.Frequency);

    internal async ValueTask WaitWhileStalledAsync(CancellationToken cancellationToken)
    {
        while (Volatile.Read(ref _stall) is { } stall)
        {
            await stall.Task.WaitAsync(cancellationToken);
        }
    }

    internal void Corrupt(Span<byte> bytes)
    {
        while (true)
        {
            var wanted = Volatile.Read(ref _toCorrupt);
            var taken = Math.Min(wanted, bytes.Length);
            if (taken == 0)
            {
                return;
            }

            if (Interlocked.CompareExchange(ref _toCorrupt, wanted - taken, wanted) == wanted)
            {
                foreach (ref var value in bytes[..taken])
                {
                    value = (byte)~value;
                }

                return;
            }
        }
    }
}
