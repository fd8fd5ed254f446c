namespace HybridStore.Tests.Explaining;

public class ExplanationTextTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 2, 3, 0, 0, TimeSpan.Zero);

    [Fact]
    public void All_that_is_known_is_told_in_short_lines()
    {
        var explanation = new EntryExplanation
        {
            Key = "user:1",
            Verdict = EntryVerdict.Hit,
            Reason = "Redis holds an entry.",
            PhysicalName = "hs:{0}:e:1760000000:user:1",
            LookedAt = Now,
            Entry = new ExplainedEntry
            {
                Bytes = 412,
                TimeToLive = TimeSpan.FromSeconds(552.14),
                IsReadable = true,
                CreatedAt = Now.AddSeconds(-48),
                Age = TimeSpan.FromSeconds(48),
                ExpiresAt = Now.AddSeconds(552.14),
                LoadTime = TimeSpan.FromMilliseconds(1.25),
                SchemaVersion = 2,
                IsCompressed = true,
                Stamp = "731:735:733",
                RefreshChance = 0.004,
            },
            Fences = new ExplainedFences
            {
                Exact = [new(729, IsBeforeCommit: false, IsSeen: true), new(733, IsBeforeCommit: true, IsSeen: false)],
                Floor = 700,
                IsFloorSeen = true,
                IsFloorBeforeCommit = true,
            },
            Lease = new ExplainedLease(Now.AddSeconds(-1), Now.AddSeconds(4)),
            Tags =
            [
                new() { Tag = "org:7", RegisteredUntil = Now.AddHours(30), LastInvalidation = 12, LastInvalidationWithoutWrite = 11 },
                new() { Tag = "all", RegisteredUntil = Now.AddMinutes(-90) },
            ],
            Partition = new ExplainedPartition
            {
                Number = 0,
                RecordedGeneration = 1760000000,
                KnownGeneration = 1760000000,
                AgeOfProof = TimeSpan.FromMilliseconds(312),
                EarlierGenerations = new Dictionary<long, DateTimeOffset> { [1759999999] = Now.AddSeconds(1.5) },
                Sequence = 12,
                HighestTransactionId = 733,
                BootMark = 1759000000000000,
                Floor = 650,
                FloorUntil = Now.AddMinutes(2),
            },
            Circuit = RedisCircuit.Closed,
        };

        Assert.Equal(
            """
            Hit:        Redis holds an entry.
            key:        user:1
            in Redis:   hs:{0}:e:1760000000:user:1
            looked at:  2026-01-02 03:00:00.000Z (Redis's clock)
            entry:      412 bytes, compressed, schema version 2, stamp 731:735:733
            lives:      stored 48 s ago, expires in 00:09:12, Redis keeps it for 00:09:12
            load:       took 1.25 ms, chance to be refreshed by a read 0.004
            fences:     729 (the entry reflects it); 733 set before COMMIT (THE ENTRY MAY NOT REFLECT IT); all up to 700 (some set before COMMIT) (the entry reflects it)
            lease:      held since 2026-01-02 02:59:59.000Z, ends in 4 s
            tag:        org:7, registered for 1d 06:00:00 more, fences: none, last invalidation 12, last one of an unknown write 11
            tag:        all, registered until 01:30:00 ago, fences: none
            tags:       2 found; the search was not finished, there may be more
            generation: 1760000000 here (confirmed 312 ms before), 1760000000 in Redis, 1759999999 ends in 1.5 s
            partition:  0, last invalidation 12, highest transaction 733, boot mark 1759000000000000
            floor:      every load has to reflect all up to 650 until 2026-01-02 03:02:00.000Z
            circuit:    closed: Redis is asked
            pending:    no invalidation of this process waits for this key
            """.ReplaceLineEndings("\n"),
            explanation.ToString());
    }

    [Fact]
    public void Where_nothing_is_known_that_is_told()
    {
        var explanation = new EntryExplanation
        {
            Key = "user:1",
            Verdict = EntryVerdict.RedisFailed,
            Reason = "Redis did not answer.",
            Partition = new ExplainedPartition { Number = 3 },
            Circuit = RedisCircuit.HalfOpen,
            RedisFailure = "TimeoutException",
            IsInvalidationPending = true,
        };

        Assert.Equal(
            """
            RedisFailed: Redis did not answer.
            key:        user:1
            generation: none here (to be asked for with the next read)
            partition:  3
            circuit:    half open: the next read finds out whether Redis serves
            failure:    TimeoutException
            pending:    an invalidation of this process waits for Redis
            """.ReplaceLineEndings("\n"),
            explanation.ToString());
    }
}
