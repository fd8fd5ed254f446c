using HybridStore.Servers;

namespace HybridStore.IntegrationTests.Redis;

public sealed class RedisVersionTests(ServersFixture servers)
{
    private const int VersionUnknown = 1004;

    [Fact]
    public async Task The_version_is_known_over_a_connection_without_admin_mode()
    {
        await using var host = await StoreHost.StartAsync(servers);
        var info = (string)(await servers.Redis.RunAsync("INFO", "server"))!;
        var line = info.Split("\r\n").Single(line => line.StartsWith("redis_version:", StringComparison.Ordinal));
        var version = Version.Parse(line["redis_version:".Length..]);

        Assert.Equal(version.Major >= 7, host.Root.Redis!.Session!.KnowsScriptFlags);
        Assert.DoesNotContain(host.Logs.GetSnapshot(), entry => entry.Id.Id == VersionUnknown);
    }

    [Fact]
    public async Task A_server_that_does_not_tell_its_version_is_used_as_an_old_one()
    {
        // A running server's commands cannot be renamed, so this takes servers of its own.
        await using var own = await TestServers.StartAsync(
            new TestServersOptions
            {
                Source = servers.Servers.Source == ServerSource.Environment ? ServerSource.Local : null,
                RedisArguments = ["--rename-command", "HELLO", "HELLO-RENAMED"],
            },
            TestContext.Current.CancellationToken);
        await using var host = await StoreHost.StartAsync(own);

        Assert.False(host.Root.Redis!.Session!.KnowsScriptFlags);
        Assert.Contains(host.Logs.GetSnapshot(), entry => entry.Id.Id == VersionUnknown);
        Assert.Equal(7, await host.Store.GetAsync(
            "seven", static (_, _) => ValueTask.FromResult(7), cancellationToken: TestContext.Current.CancellationToken));
        Assert.Equal(
            InvalidationStatus.Applied,
            (await host.Store.InvalidateKeyAsync("seven", TestContext.Current.CancellationToken)).Status);
    }
}
