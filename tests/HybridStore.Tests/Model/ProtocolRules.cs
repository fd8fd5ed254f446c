namespace HybridStore.Tests.Model;

/// <summary>
/// The rules of the protocol, each of which can be dropped to see what it is for. Numbers are those of the list "Rules that
/// exhaustive search, or a real server, showed to be necessary" in the design; rules without a number stand elsewhere in its
/// text.
/// </summary>
/// <remarks>
/// Out of reach of models of this size, since they have neither bytes nor clocks nor processes: that the database's identity
/// (boot mark, timeline) changes when PostgreSQL hands out ids again, that xids never pass through Lua's decimal numbers, that
/// scripts may run while Redis is full, that a REPEATABLE READ transaction keeps its first snapshot, and that reads inside a
/// transaction that has written are nobody else's. Those are shown on real servers.
/// </remarks>
internal sealed record ProtocolRules
{
    public static ProtocolRules All { get; } = new();

    /// <summary>1, 2: loads carry a stamp, and are stored only if it sees every fence.</summary>
    public bool Stamps { get; init; } = true;

    /// <summary>1, 3: a store needs a lease that still exists, not only the absence of a fence.</summary>
    public bool Leases { get; init; } = true;

    /// <summary>3: the token of a lease is new for every load, not one for each client.</summary>
    public bool TokenPerLoad { get; init; } = true;

    /// <summary>4: ids that were folded into the floor are compared with xmin; the largest says nothing about the
    /// others.</summary>
    public bool FloorComparedWithXmin { get; init; } = true;

    /// <summary>5: a store checks the fences of its tags: the key may not have been a member when the tag was
    /// invalidated.</summary>
    public bool StoreChecksTags { get; init; } = true;

    /// <summary>6: exactly those members leave a tag set whose entries are gone.</summary>
    public bool MembersLeaveWithTheirEntries { get; init; } = true;

    /// <summary>7: of a standby's snapshot only xmin counts: its list of running transactions is empty.</summary>
    public bool StandbyStampIsXminOnly { get; init; } = true;

    /// <summary>8: a joiner of a flight that began before it came waits for the verdict of the store.</summary>
    public bool JoinersAwaitVerdict { get; init; } = true;

    /// <summary>8: a cache read is shared only with those who came before it was sent.</summary>
    public bool CacheReadsBeginAfterTheirReaders { get; init; } = true;

    /// <summary>9: the sequence refuses stamped loads too when a tag was invalidated without an xid.</summary>
    public bool SequenceChecksStampedLoads { get; init; } = true;

    /// <summary>10: no store later than FenceTtl after the grant, however often the lease was renewed.</summary>
    public bool NoStoreAfterFenceTtl { get; init; } = true;

    /// <summary>11: the stamp of a load is the meet of all stamps that it used.</summary>
    public bool StampIsMeetOfInputs { get; init; } = true;

    /// <summary>12: every script checks its caller's generation, and invalidations delete in the previous one too.</summary>
    public bool ScriptsCheckGeneration { get; init; } = true;

    /// <summary>12: guards and fences do not carry the generation in their names.</summary>
    public bool FencesOutliveGeneration { get; init; } = true;

    /// <summary>13: an unstamped load is not stored while a fence set before COMMIT stands.</summary>
    public bool PreCommitFencesRefuseUnstamped { get; init; } = true;

    /// <summary>14: "stamp plus own xid" hides every id between the old xmax and the own one.</summary>
    public bool OwnXidHidesConcurrentIds { get; init; } = true;

    /// <summary>15: the near cache takes only what Redis has taken.</summary>
    public bool NearCacheTakesAcceptedOnly { get; init; } = true;

    /// <summary>16: the cursor over a tag set is a score and a member, not a rank.</summary>
    public bool CursorIsScoreAndMember { get; init; } = true;

    /// <summary>The stamp is taken before the load's first statement.</summary>
    public bool StampPrecedesLoad { get; init; } = true;

    /// <summary>A standby's stamp must be past the largest xid ever invalidated in the partition: fences are forgotten.</summary>
    public bool StandbyMustPassHigh { get; init; } = true;

    /// <summary>While COMMIT is outstanding, a strict writer renews its fences.</summary>
    public bool FencesRenewedUntilCommit { get; init; } = true;

    /// <summary>A tag's fence that was set before COMMIT outlives every load that was granted before that COMMIT: it is kept for
    /// FenceTtl counted from the COMMIT and not from when it was set.</summary>
    public bool PreCommitFencesOutliveLoads { get; init; } = true;

    /// <summary>What was applied before its commit was visible is applied again before a mark covers it.</summary>
    public bool EarlyInvalidationsRepeated { get; init; } = true;

    /// <summary>The applied mark demands the leader's apply counter as well as the previous mark.</summary>
    public bool MarkDemandsApplyCounter { get; init; } = true;

    /// <summary>A strict write-through spares its own lease when it sets its fences.</summary>
    public bool OwnLeaseSpared { get; init; } = true;

    /// <summary>Where an invalidation falls back to single commands, the lease goes before the entry.</summary>
    public bool FallbackDropsLeaseFirst { get; init; } = true;

    /// <summary>The journal's listener sleeps only when every writer that saw it awake has ended.</summary>
    public bool SleepsAfterWritersEnded { get; init; } = true;
}
