using HybridStore.Servers;

namespace HybridStore.IntegrationTests.Writing;

/// <summary>In one process no read returns less than what a write had returned before the read began.</summary>
public sealed class ConcurrentReadersAndWritersTests(OwnServersFixture own) : IClassFixture<OwnServersFixture>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private TestServers Servers => own.Servers;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task A_read_is_never_older_than_the_last_write_that_returned_before_it_began(int seed)
    {
        await own.RestoreAsync(Cancellation);
        await using var rows = await VersionedRows.StartAsync(Servers, seed);

        await rows.RunAsync(operations: 20_000, atMost: TimeSpan.FromSeconds(5));

        rows.AssertFreshAndCached();
    }

    [Fact]
    public async Task Nor_while_Redis_forgets_its_scripts()
    {
        await own.RestoreAsync(Cancellation);
        await using var rows = await VersionedRows.StartAsync(Servers, seed: 3);

        await rows.RunAsync(
            operations: 10_000,
            atMost: TimeSpan.FromSeconds(5),
            disturbEvery: 100,
            disturb: () => Servers.Redis.RunAsync("SCRIPT", "FLUSH"));

        rows.AssertFreshAndCached();
    }

    [Fact]
    public async Task Nor_while_connections_to_Redis_break()
    {
        await own.RestoreAsync(Cancellation);
        await using var rows = await VersionedRows.StartAsync(Servers, seed: 4);

        await rows.RunAsync(
            operations: 10_000,
            atMost: TimeSpan.FromSeconds(5),
            disturbEvery: 1_000,
            disturb: async () =>
            {
                Servers.Redis.Proxy.Reset();
                await rows.UntilRedisServesAsync();
            });

        rows.AssertFreshAndCached();
    }

    [Fact]
    public async Task Nor_while_Redis_is_restarted_empty()
    {
        await own.RestoreAsync(Cancellation);
        await using var rows = await VersionedRows.StartAsync(Servers, seed: 5);

        await rows.RunAsync(
            operations: 10_000,
            atMost: TimeSpan.FromSeconds(8),
            disturbEvery: 2_000,
            disturb: async () =>
            {
                await Servers.Redis.RestartAsync(Cancellation);
                await rows.UntilRedisServesAsync();
            });

        rows.AssertFreshAndCached();
    }

    [Fact]
    public async Task Nor_while_Redis_is_killed_and_comes_back_later()
    {
        await own.RestoreAsync(Cancellation);
        await using var rows = await VersionedRows.StartAsync(Servers, seed: 6);

        await rows.RunAsync(
            operations: 10_000,
            atMost: TimeSpan.FromSeconds(8),
            disturbEvery: 1_500,
            disturb: async () =>
            {
                await Servers.Redis.KillAsync(Cancellation);
                await rows.UntilMoreAsync(operations: 500);
                await Servers.Redis.StartAsync(Cancellation);
                await rows.UntilRedisServesAsync();
            });

        rows.AssertFreshAndCached();
    }
}
