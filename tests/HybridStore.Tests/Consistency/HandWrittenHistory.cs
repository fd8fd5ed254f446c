using HybridStore.Consistency.Checking;
using HybridStore.Consistency.History;
using HybridStore.Consistency.Keys;

namespace HybridStore.Tests.Consistency;

/// <summary>A history of a few rows in groups of five, of which the first is watched, put together by hand. Times are small numbers. What is not said of a write has not
/// come to the ears of its writer: he has been killed.</summary>
internal sealed class HandWrittenHistory(int rows = 5)
{
    public const int First = 10_000;
    public const int Second = 20_000;

    private readonly KeyLayout _layout = new(rows);
    private readonly int[] _versions = new int[rows];
    private readonly long[] _writers = new long[rows];
    private long _lastId;

    public SoakHistory History { get; } = new();

    public static Names OfKey(params string[] keys) => new(keys, []);

    public static Names OfTag { get; } = new([], ["group:0"]);

    /// <summary>A write that is committed, whether or not its writer knows, and raises the versions of rows by one.</summary>
    public WriteRecord Write(
        long began,
        Names names,
        long? committed = null,
        long? invalidated = null,
        long? applied = null,
        int process = First,
        StrictDemand demand = StrictDemand.None,
        bool isStrict = false,
        OperationKind kind = OperationKind.Direct,
        params int[] rows)
    {
        var write = Begin(kind, began, names, process, demand);
        write.CommittedAt = committed;
        write.InvalidatedAt = invalidated ?? applied;
        write.AppliedAt = applied;
        write.IsStrict = isStrict;
        foreach (var row in rows.Length == 0 ? [0] : rows)
        {
            _writers[row] = write.Id;
            History.Committed.Add(new RowVersion(row, ++_versions[row], write.Id));
        }

        return write;
    }

    /// <summary>What changes nothing, or is not committed.</summary>
    public WriteRecord Begin(
        OperationKind kind, long began, Names names, int process = First, StrictDemand demand = StrictDemand.None)
    {
        var write = new WriteRecord
        {
            Id = ++_lastId,
            Process = process,
            Kind = kind,
            Demand = demand,
            BeganAt = began,
            Names = names,
        };
        History.Writes.Add(write);
        return write;
    }

    /// <summary>A read of one row.</summary>
    public void Read(
        string key,
        long began,
        long version,
        int process = Second,
        string? token = null,
        bool pastCache = false,
        int row = 0,
        TimeSpan? bound = null,
        bool atEnd = false) =>
        History.Reads.Add(new ReadRecord(SoakKey.Parse(key), process, began, began + 1, [Value(row, version)])
        {
            Token = token,
            PastCache = pastCache,
            Bound = bound,
            AtEnd = atEnd,
        });

    /// <summary>A read of all rows.</summary>
    public void ReadAll(string key, long began, params long[] versions) => History.Reads.Add(
        new ReadRecord(SoakKey.Parse(key), Second, began, began + 1, [.. versions.Select((version, row) => Value(row, version))]));

    /// <summary>A value that no write has written.</summary>
    public void ReadOf(long writer, string key, long began, long version) =>
        History.Reads.Add(new ReadRecord(SoakKey.Parse(key), Second, began, began + 1, [new RowVersion(0, version, writer)]));

    public void Disturb(long from, long until, bool losesFences = false, bool setsBack = false) =>
        History.Disturbances.Add(new Disturbance("fault", from, until) { LosesFences = losesFences, SetsBack = setsBack });

    /// <summary>PostgreSQL has answered one COMMIT of the first process, who has not heard it.</summary>
    public void LoseAnswer(long from, long until) =>
        History.Disturbances.Add(new Disturbance("answer lost", from, until) { Slot = 1, LosesAnswer = true, CutsCommits = true });

    public Verdict Check(Promises? promises = null) => Checker.Check(History, _layout, promises ?? Promises.OfHybridStore);

    /// <summary>That this is found, once, and nothing else.</summary>
    public void AssertFound(ViolationKind kind)
    {
        var verdict = Check();
        Assert.Equal([kind], verdict.Counts.Where(one => one.Value > 0).Select(one => one.Key));
        Assert.Equal(1, verdict.Total);
        Assert.NotEmpty(new ViolationText(History, _layout, 0).Of(Assert.Single(verdict.Kept)));
    }

    public void AssertLegal()
    {
        var verdict = Check();
        Assert.All(verdict.Counts, one => Assert.Equal(0, one.Value));
        Assert.Equal(0, verdict.StaleReads);
    }

    private RowVersion Value(int row, long version) => new(
        row, version, History.Committed.Find(one => one.Row == row && one.Version == version).Writer);
}
