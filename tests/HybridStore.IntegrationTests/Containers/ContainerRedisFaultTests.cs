using System.Net;
using System.Net.Sockets;
using HybridStore.Servers;
using StackExchange.Redis;

namespace HybridStore.IntegrationTests.Containers;

/// <summary>Redis stops, hangs and dies in its container: no call fails, and what was written meanwhile is what is read.</summary>
[Collection<ContainersDefinition>]
[Trait("Category", "Containers")]
public sealed class ContainerRedisFaultTests(ContainersFixture containers) : IAsyncLifetime
{
    private Catalogue? _catalogue;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private RedisServer Redis => containers.Servers.Redis;

    private Catalogue Catalogue => _catalogue!;

    /// <summary>Each test starts with both servers up and a product in the cache.</summary>
    public async ValueTask InitializeAsync()
    {
        _catalogue = await Catalogue.StartAsync(await containers.StartAllAsync(Cancellation));
        Assert.Equal(39.90m, await _catalogue.CachedPriceAsync());
    }

    public async ValueTask DisposeAsync()
    {
        if (_catalogue is not null)
        {
            await _catalogue.DisposeAsync();
        }
    }

    [ContainersFact]
    public async Task While_Redis_is_stopped_reads_come_from_PostgreSQL_and_writes_succeed()
    {
        await Redis.StopAsync(Cancellation);
        var receipt = await Catalogue.SetPriceAsync(35);
        Assert.Equal(InvalidationStatus.Pending, receipt.Status);
        Assert.Equal(35m, await Catalogue.PriceAsync());
        Assert.Equal(25m, await Catalogue.PriceAsync(2));

        await Redis.StartAsync(Cancellation);
        await receipt.WhenApplied(Cancellation);
        Assert.Equal(35m, await Catalogue.CachedPriceAsync());
    }

    [ContainersFact]
    public async Task A_write_while_Redis_is_paused_outlives_what_Redis_remembers()
    {
        await Redis.PauseAsync(Cancellation);
        var receipt = await Catalogue.SetPriceAsync(35);
        Assert.Equal(35m, await Catalogue.PriceAsync());

        await Redis.ResumeAsync(Cancellation);
        Assert.Equal(35m, await Catalogue.PriceAsync());
        await receipt.WhenApplied(Cancellation);
        Assert.Equal(35m, await Catalogue.CachedPriceAsync());
    }

    [ContainersFact]
    public async Task A_killed_Redis_comes_back_empty_and_is_filled_again()
    {
        await Redis.KillAsync(Cancellation);
        await Catalogue.ChangeBehindAsync(1);
        Assert.Equal(1m, await Catalogue.PriceAsync());

        await Redis.StartAsync(Cancellation);
        Assert.Equal(1m, await Catalogue.CachedPriceAsync());
        await Catalogue.ChangeBehindAsync(2);
        Assert.Equal(1m, await Catalogue.CachedPriceAsync());
    }

    [ContainersFact]
    public async Task Redis_is_found_at_another_port_after_a_restart()
    {
        var (address, portBefore) = (Redis.ConnectionString, Port(Redis.DirectConnectionString));
        await Redis.StopAsync(Cancellation);

        // The port is taken meanwhile, so that the engine must publish another.
        using var occupant = new TcpListener(IPAddress.Any, portBefore);
        occupant.Start();
        await Redis.StartAsync(Cancellation);

        Assert.NotEqual(portBefore, Port(Redis.DirectConnectionString));
        Assert.Equal(address, Redis.ConnectionString);
        Assert.Equal(39.90m, await Catalogue.CachedPriceAsync());
        var receipt = await Catalogue.SetPriceAsync(35);
        await receipt.WhenApplied(Cancellation);
        Assert.Equal(35m, await Catalogue.PriceAsync());
    }

    private static int Port(string connectionString) =>
        ((IPEndPoint)ConfigurationOptions.Parse(connectionString).EndPoints[0]).Port;
}
