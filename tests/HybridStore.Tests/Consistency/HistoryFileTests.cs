using HybridStore.Consistency.History;
using HybridStore.Consistency.Keys;

namespace HybridStore.Tests.Consistency;

/// <summary>What a worker writes down is what the run reads.</summary>
public sealed class HistoryFileTests : IDisposable
{
    private readonly string _file = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());

    public void Dispose() => File.Delete(_file);

    [Fact]
    public void All_kinds_of_lines_come_back()
    {
        using (var writer = new HistoryWriter(_file))
        {
            writer.Began(7, OperationKind.Strict, StrictDemand.Abort, new Names(["item:1", "item:2"], ["group:0"]));
            writer.Committed(7, 20, isStrict: true, token: "AQo");
            writer.Invalidated(7, 21);
            writer.Applied(7, 22);
            writer.Began(8, OperationKind.Flush, StrictDemand.None, Names.OfEverything);
            writer.OutcomeUnknown(8, 30);
            writer.RolledBack(8, 31);
            writer.Read(new ReadRecord(new SoakKey(KeyKind.List, 3), 0, 40, 41, [new(3, 5, 7), new(11, 0, 0)]) { Token = "AQo", Loaded = true });
            writer.Read(new ReadRecord(new SoakKey(KeyKind.Item, 3), 0, 50, 51, []) { Bound = TimeSpan.FromSeconds(2), AtEnd = true });
            writer.Failed("read", new InvalidOperationException("", new TimeoutException()));
        }

        var history = new SoakHistory();
        HistoryReader.AddFile(history, _file, 10_002);

        var (write, flush) = (history.Writes[0], history.Writes[1]);
        Assert.Equal((7, 10_002, OperationKind.Strict, StrictDemand.Abort), (write.Id, write.Process, write.Kind, write.Demand));
        Assert.Equal(["item:1", "item:2"], write.Names.Keys);
        Assert.Equal(["group:0"], write.Names.Tags);
        Assert.Equal((20L, 21L, 22L, true, "AQo"), (write.CommittedAt, write.InvalidatedAt, write.AppliedAt, write.IsStrict, write.Token));
        Assert.Equal((true, 30L, 31L, null), (flush.Names.Everything, flush.UnknownAt, flush.RolledBackAt, flush.CommittedAt));
        var (read, bounded) = (history.Reads[0], history.Reads[1]);
        Assert.Equal((TimeSpan.FromSeconds(2), true, false, null), (bounded.Bound, bounded.AtEnd, bounded.Loaded, bounded.Token));
        Assert.Equal((null, false, false), (read.Bound, read.AtEnd, read.PastCache));
        Assert.Equal((new SoakKey(KeyKind.List, 3), 40, 41, "AQo", true), (read.Key, read.BeganAt, read.EndedAt, read.Token, read.Loaded));
        Assert.Equal([new RowVersion(3, 5, 7), new RowVersion(11, 0, 0)], read.Values);
        Assert.Equal("InvalidOperationException/TimeoutException", Assert.Single(history.Failures).Error);
    }

    [Fact]
    public void A_line_that_a_killed_worker_has_not_finished_does_not_count()
    {
        File.WriteAllText(_file, "b 1 Direct None 5 item:1 -\nc 1 10 0 -\ni 1 1");

        var history = new SoakHistory();
        HistoryReader.AddFile(history, _file, 10_000);

        Assert.Equal((10L, null), (history.Writes[0].CommittedAt, history.Writes[0].InvalidatedAt));
    }

    [Fact]
    public void A_line_that_nobody_writes_is_an_error() =>
        Assert.Throws<FormatException>(() => HistoryReader.Add(new SoakHistory(), "q 1 2\n", 10_000));
}
