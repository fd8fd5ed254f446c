namespace HybridStore.Consistency.Faults;

/// <summary>A fault that is to come.</summary>
/// <param name="At">From the start of the run.</param>
/// <param name="Kind">What.</param>
/// <param name="Slot">Whose connections, from 1 on.</param>
/// <param name="Length">How long, where it lasts.</param>
internal sealed record PlannedFault(TimeSpan At, FaultKind Kind, int Slot, TimeSpan Length);

/// <summary>When a worker dies.</summary>
internal enum KillMoment
{
    /// <summary>Whatever it is doing.</summary>
    Anywhere,

    /// <summary>A COMMIT has been answered, and the worker has not heard it.</summary>
    BehindCommit,

    /// <summary>It has sent a COMMIT that arrives when the worker is dead.</summary>
    BeforeCommit,
}

/// <summary>A death that is to come.</summary>
internal sealed record PlannedKill(TimeSpan At, int Slot, KillMoment Moment);

/// <summary>All that is to happen in a run; the same seed gives the same.</summary>
internal sealed record FaultSchedule(IReadOnlyList<PlannedFault> Faults, IReadOnlyList<PlannedKill> Kills)
{
    // The cache is to be filled in between, and histories are to have an undisturbed end.
    private static readonly TimeSpan First = TimeSpan.FromSeconds(1.5);
    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(1);

    // Where there is a journal; the promises that hold without it are not looked after from then on.
    private static readonly TimeSpan LastPart = TimeSpan.FromSeconds(6);
    private static readonly TimeSpan SetBackBy = TimeSpan.FromSeconds(2);

    private static readonly (FaultKind Kind, int Share)[] Shares =
    [
        (FaultKind.RedisRestarted, 4),
        (FaultKind.RedisEmptied, 4),
        (FaultKind.GuardsDeleted, 6),
        (FaultKind.LeasesDeleted, 8),
        (FaultKind.EntriesDeleted, 4),
        (FaultKind.EntriesOverwritten, 6),
        (FaultKind.ScriptsForgotten, 4),
        (FaultKind.RedisPaused, 8),
        (FaultKind.RedisReset, 8),
        (FaultKind.RedisCut, 12),
        (FaultKind.RedisStalled, 8),
        (FaultKind.PostgresReset, 8),
        (FaultKind.BackendsTerminated, 6),
        (FaultKind.ListenersTerminated, 10),
        (FaultKind.CommitAnswerLost, 12),
        (FaultKind.CommitLost, 8),
        (FaultKind.PostgresKilled, 3),
    ];

    public static FaultSchedule None { get; } = new([], []);

    /// <param name="seed">Decides.</param>
    /// <param name="length">Of the run.</param>
    /// <param name="slots">How many workers.</param>
    /// <param name="hasJournal">Whether the cache has one.</param>
    public static FaultSchedule Of(int seed, TimeSpan length, int slots, bool hasJournal)
    {
        var random = new Random(seed);
        var faults = new List<PlannedFault>();
        var isSetBack = !hasJournal || length < 3 * LastPart;
        for (var at = First; at < length - Rest; at += Between(random, 0.6, 2.6))
        {
            if (!isSetBack && at > length - LastPart)
            {
                isSetBack = true;
                faults.Add(new PlannedFault(at, FaultKind.RedisSetBack, 1, SetBackBy));
            }
            else
            {
                faults.Add(new PlannedFault(at, Any(random, hasJournal), random.Next(1, slots + 1), Between(random, 0.5, 1.8)));
            }
        }

        var kills = new List<PlannedKill>();
        for (var at = First; at < length - Rest; at += Between(random, 2.5, 6))
        {
            var moment = random.Next(4) switch { 0 => KillMoment.Anywhere, 1 => KillMoment.BeforeCommit, _ => KillMoment.BehindCommit };
            kills.Add(new PlannedKill(at, random.Next(1, slots + 1), moment));
        }

        return new FaultSchedule(faults, kills);
    }

    private static FaultKind Any(Random random, bool hasJournal)
    {
        var shares = Array.FindAll(Shares, one => hasJournal || one.Kind != FaultKind.ListenersTerminated);
        var draw = random.Next(shares.Sum(one => one.Share));
        foreach (var (kind, share) in shares)
        {
            if ((draw -= share) < 0)
            {
                return kind;
            }
        }

        throw new InvalidOperationException("The shares do not add up.");
    }

    private static TimeSpan Between(Random random, double least, double most) =>
        TimeSpan.FromSeconds(least + (random.NextDouble() * (most - least)));
}
