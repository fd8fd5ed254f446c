using HybridStore.Fencing;
using HybridStore.IntegrationTests.Fencing;

namespace HybridStore.IntegrationTests.Exploring;

/// <summary>That the explorer sees: with one rule left out of the real code, or cut out of a real script, some order shows it.</summary>
[Collection(nameof(Exploring))]
public sealed class LeftOutRuleTests(ExploringFixture exploring)
{
    private Explorer Explorer => exploring.Explorer;

    [Fact]
    public Task The_lease_where_the_guard_is_lost() =>
        Explorer.AssertFoundAsync(Scenarios.GuardLost(), cutScript: CutScript.Lease);

    [Fact]
    public Task The_lease_where_it_is_taken_over() =>
        Explorer.AssertFoundAsync(Scenarios.LeaseTakenOver(), cutScript: CutScript.Lease, everyOrder: false);

    [Fact]
    public Task An_invalidation_revokes_the_lease() => Explorer.AssertFoundAsync(
        Scenarios.ReaderAndWriter(sameInstance: false, LoadPath.Unstamped), cutScript: CutScript.Revocation);

    [Fact]
    public Task The_fences_of_the_key() =>
        Explorer.AssertFoundAsync(Scenarios.InvalidatedEarly(byTag: false), cutScript: CutScript.Refusal("fence"));

    [Fact]
    public Task The_floor_of_folded_fences() =>
        Explorer.AssertFoundAsync(Scenarios.OlderWriteCommitsLast(folded: true), cutScript: CutScript.Floor);

    [Fact]
    public Task Every_fence_is_remembered_and_not_the_largest_alone() =>
        Explorer.AssertFoundAsync(Scenarios.OlderWriteCommitsLast(folded: false), cutScript: CutScript.SmallerFences);

    [Theory]
    [InlineData(LoadPath.Query)]
    [InlineData(LoadPath.Unstamped)]
    public Task The_fences_of_the_tags(LoadPath path) => Explorer.AssertFoundAsync(
        TagScenarios.ReaderAndTwoInvalidations(path, firstKnowsXid: true, secondKnowsXid: true), cutScript: CutScript.Refusal("tag"));

    [Fact]
    public Task The_sequence_of_tags_that_are_invalidated_without_an_xid() => Explorer.AssertFoundAsync(
        TagScenarios.ReaderAndTwoInvalidations(LoadPath.Query, firstKnowsXid: false, secondKnowsXid: false),
        cutScript: CutScript.Sequence);

    [Fact]
    public Task A_member_leaves_with_its_entry() =>
        Explorer.AssertFoundAsync(TagScenarios.Repeated(), cutScript: CutScript.Membership);

    [Fact]
    public Task A_load_takes_less_than_fences_are_remembered() =>
        Explorer.AssertFoundAsync(TagScenarios.FenceForgotten(), cutScript: CutScript.Refusal("late"));

    [Fact]
    public Task Joiners_wait_for_the_verdict_of_the_store() => Explorer.AssertFoundAsync(
        Scenarios.LateReader(sameInstance: true, writesThere: true), new ProtocolUnderTest { JoinersWaitForTheStore = false });

    [Fact]
    public Task Neither_do_joiners_wait_nor_does_an_invalidation_here_detach_flights() => Explorer.AssertFoundAsync(
        Scenarios.LateReader(sameInstance: true),
        new ProtocolUnderTest { JoinersWaitForTheStore = false, InvalidationsDetachFlights = false });

    [Fact]
    public Task A_load_inherits_the_age_of_what_it_reads_through_the_store() => Explorer.AssertFoundAsync(
        NestedScenarios.PartChanges(wholeFirst: true, partIsCached: true), new ProtocolUnderTest { StampsMeet = false });

    [Fact]
    public Task The_stamp_is_taken_before_the_first_statement() => Explorer.AssertFoundAsync(
        Scenarios.InvalidatedEarly(byTag: true), new ProtocolUnderTest { StampComesFirst = false });

    [Fact]
    public Task What_is_read_in_an_older_transaction_is_not_stored() => Explorer.AssertFoundAsync(
        Scenarios.OldSnapshot(others: 0), new ProtocolUnderTest { TransactionsAreNotStored = false });

    [Fact]
    public Task Tags_are_checked_for_each_entry_of_a_batch() =>
        Explorer.AssertFoundAsync(BatchScenarios.BatchAndWriter(sameInstance: false, byTag: true), cutScript: CutScript.Refusal("tag"));

    [Fact]
    public Task Fences_are_checked_for_each_entry_of_a_warm_up() => Explorer.AssertFoundAsync(
        BatchScenarios.WarmerAndWriter(byTag: true), cutScript: CutScript.Refusal("tag"));

    [Fact]
    public Task Each_entry_of_a_batch_needs_its_lease() =>
        Explorer.AssertFoundAsync(BatchScenarios.GuardLost(), cutScript: CutScript.Lease, everyOrder: false);
}
