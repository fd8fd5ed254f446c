using HybridStore.IntegrationTests.Fencing;

namespace HybridStore.IntegrationTests.Exploring;

/// <summary>The real code on real servers, in every order of its steps or in many: no reader gets what an applied invalidation was to
/// remove, and Redis does not hold it.</summary>
[Collection(nameof(Exploring))]
public sealed class ReaderAndWriterTests(ExploringFixture exploring)
{
    private Explorer Explorer => exploring.Explorer;

    [Theory]
    [InlineData(true, LoadPath.Query)]
    [InlineData(true, LoadPath.OpenConnection)]
    [InlineData(true, LoadPath.StampAsync)]
    [InlineData(true, LoadPath.Unstamped)]
    [InlineData(false, LoadPath.Query)]
    [InlineData(false, LoadPath.Unstamped)]
    public Task A_reader_and_a_writer(bool sameInstance, LoadPath path) =>
        Explorer.AssertNothingStaleAsync(Scenarios.ReaderAndWriter(sameInstance, path), Extent.EveryOrder);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public Task Two_readers_and_a_writer(bool sameInstance) =>
        Explorer.AssertNothingStaleAsync(Scenarios.TwoReadersAndWriter(sameInstance), Extent.SomeOf(120));

    [Fact]
    public Task A_reader_and_two_writers_that_commit_against_the_order_of_their_ids() =>
        Explorer.AssertNothingStaleAsync(Scenarios.ReaderAndTwoWriters(), Extent.SomeOf(120));

    [Theory]
    [InlineData(true, false)]
    [InlineData(true, true)]
    [InlineData(false, false)]
    public Task A_reader_who_begins_after_the_invalidation_while_an_older_load_runs(bool sameInstance, bool invalidatedInOther) =>
        Explorer.AssertNothingStaleAsync(Scenarios.LateReader(sameInstance, invalidatedInOther), Extent.SomeOf(100));

    [Theory]
    [InlineData(LoadPath.Query)]
    [InlineData(LoadPath.Unstamped)]
    public Task The_guard_is_lost_at_any_step(LoadPath path) =>
        Explorer.AssertNothingStaleAsync(Scenarios.GuardLost(path), Extent.SomeOf(120));

    [Fact]
    public Task A_lease_is_taken_over() =>
        Explorer.AssertNothingStaleAsync(Scenarios.LeaseTakenOver(), Extent.SomeOfTooMany(120));

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public Task An_invalidation_comes_before_its_commit(bool byTag) =>
        Explorer.AssertNothingStaleAsync(Scenarios.InvalidatedEarly(byTag), Extent.EveryOrder);

    [Fact]
    public Task An_older_write_commits_last() =>
        Explorer.AssertNothingStaleAsync(Scenarios.OlderWriteCommitsLast(folded: false), Extent.EveryOrder);

    [Fact]
    public Task A_load_reads_an_old_snapshot() =>
        Explorer.AssertNothingStaleAsync(Scenarios.OldSnapshot(others: 0), Extent.EveryOrder);

    [Fact]
    public Task A_load_reads_an_old_snapshot_while_another_waits_for_it() =>
        Explorer.AssertNothingStaleAsync(Scenarios.OldSnapshot(others: 1), Extent.SomeOf(100));

    [Fact]
    public Task A_load_reads_an_old_snapshot_perhaps_without_the_lease_while_another_waits_for_it() =>
        Explorer.AssertNothingStaleAsync(Scenarios.OldSnapshot(others: 2), Extent.SomeOfTooMany(100));

    [Fact]
    public Task Anything() =>
        Explorer.AssertNothingStaleAsync(AnythingScenarios.Name, AnythingScenarios.Of, Extent.SomeOfTooMany(200));
}
