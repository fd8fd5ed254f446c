namespace HybridStore.Redis.Generations;

/// <summary>
/// The generation that this process reads and writes in, and until when that is proven for each partition. One number for all
/// partitions, although each has a record of its own: a load must not build a value of the new generation on a part that it has read
/// in the old one.
/// </summary>
/// <remarks>A read begins only within <see cref="ProofTime"/> of a question that Redis has answered with this number, or a smaller one.
/// So whoever raises the number knows when nobody reads in the old generation any more, without knowing who there is.</remarks>
internal sealed class GenerationRegister
{
    /// <summary>How long an answer counts, from the moment at which its question was sent.</summary>
    public static readonly TimeSpan ProofTime = TimeSpan.FromSeconds(1);

    /// <summary>How long invalidations go on in an earlier generation. Twice as long as anybody reads there, for clocks that run at
    /// different speeds.</summary>
    public static readonly TimeSpan Grace = 2 * ProofTime;

    /// <summary>Where the numbers end that Lua counts exactly.</summary>
    private const long End = 1L << 53;

    private readonly Lock _lock = new();
    private readonly RedisLayout _layout;
    private readonly TimeProvider _timeProvider;
    private readonly long _proofTicks;
    private readonly long[] _provenUntil;
    private volatile Generation? _current;
    private TaskCompletionSource _nextRaise = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public GenerationRegister(RedisLayout layout, TimeProvider timeProvider)
    {
        _layout = layout;
        _timeProvider = timeProvider;
        _proofTicks = (long)(ProofTime.TotalSeconds * timeProvider.TimestampFrequency);
        _provenUntil = new long[layout.Partitions.Count];
        Array.Fill(_provenUntil, long.MinValue);
    }

    /// <summary>Null until Redis has told one.</summary>
    public Generation? Current => _current;

    /// <summary>Completes when this process hears that the number was raised, by whomever. From then on it is another one.</summary>
    public Task NextRaise => Volatile.Read(ref _nextRaise).Task;

    /// <summary>The generation in which a partition may be read now; null if Redis has to be asked first.</summary>
    /// <param name="partition">The partition.</param>
    /// <param name="isDue">Whether half of the time is over: those who ask behind a reader keep the next ones from waiting.</param>
    public Generation? ProvenFor(int partition, out bool isDue)
    {
        var left = LeftOf(partition, _timeProvider.GetTimestamp());
        isDue = left < _proofTicks / 2;
        return left > 0 ? _current : null;
    }

    /// <summary>Whether a read that begins at this time may go to a partition.</summary>
    public bool IsProvenAt(int partition, long timestamp) => LeftOf(partition, timestamp) > 0;

    /// <summary>How long ago a partition was asked; null if that is longer ago than it counts.</summary>
    public TimeSpan? AgeOfProof(int partition)
    {
        var now = _timeProvider.GetTimestamp();
        return LeftOf(partition, now) is > 0 and var left
            ? TimeSpan.FromSeconds((double)(_proofTicks - left) / _timeProvider.TimestampFrequency)
            : null;
    }

    /// <summary>A partition has answered with its number. This process never goes back to a smaller one.</summary>
    public Generation Learn(int partition, long number, long sentAt)
    {
        lock (_lock)
        {
            var current = _current;
            if (current is null || number > current.Number)
            {
                var raised = current is null ? null : _nextRaise;
                _current = current = new Generation(_layout, number);
                if (raised is not null)
                {
                    Volatile.Write(ref _nextRaise, new(TaskCreationOptions.RunContinuationsAsynchronously));
                    raised.SetResult();
                }
            }

            if (number == current.Number)
            {
                Volatile.Write(ref _provenUntil[partition], Math.Max(_provenUntil[partition], sentAt + _proofTicks));
            }

            return current;
        }
    }

    /// <summary>The names of a generation, the current one or an earlier one.</summary>
    public Generation Of(long number) => _current is { } current && current.Number == number ? current : new Generation(_layout, number);

    /// <summary>Bytes found in Redis are no number until they have been looked at.</summary>
    public static bool TryParse(string? text, out long number) =>
        long.TryParse(text, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out number)
        && number is > 0 and < End;

    private long LeftOf(int partition, long timestamp)
    {
        var until = Volatile.Read(ref _provenUntil[partition]);
        return until == long.MinValue ? 0 : until - timestamp;
    }
}
