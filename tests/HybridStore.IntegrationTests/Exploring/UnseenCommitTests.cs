using HybridStore.Fencing;
using HybridStore.IntegrationTests.Fencing;
using HybridStore.IntegrationTests.Writing;

namespace HybridStore.IntegrationTests.Exploring;

[Collection(nameof(Exploring))]
public sealed class UnseenCommitTests(OwnServersFixture own) : IClassFixture<OwnServersFixture>
{
    [Fact]
    public async Task An_invalidation_comes_before_its_commit_can_be_seen()
    {
        await using var explorer = await Explorer.StartAsync(own.Servers);

        await explorer.AssertNothingStaleAsync(UnseenCommits.ReaderAndEarlyInvalidation(), Extent.SomeOf(50));
    }

    [Fact]
    public async Task Without_the_fences_of_the_key_a_load_stores_what_is_about_to_be_seen()
    {
        await using var explorer = await Explorer.StartAsync(own.Servers);

        await explorer.AssertFoundAsync(UnseenCommits.ReaderAndEarlyInvalidation(), cutScript: CutScript.Refusal("fence"));
    }

    [Fact]
    public async Task A_stamp_that_is_taken_last_sees_what_the_load_has_not()
    {
        await using var explorer = await Explorer.StartAsync(own.Servers);

        await explorer.AssertFoundAsync(
            UnseenCommits.ReaderAndEarlyInvalidation(), new ProtocolUnderTest { StampComesFirst = false });
    }
}
