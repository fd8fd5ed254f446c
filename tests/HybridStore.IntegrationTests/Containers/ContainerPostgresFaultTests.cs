using System.Net;
using System.Net.Sockets;
using HybridStore.Servers;
using Npgsql;
using static HybridStore.IntegrationTests.Servers.OwnServers;

namespace HybridStore.IntegrationTests.Containers;

/// <summary>PostgreSQL stops, hangs and dies in its container: hits are served, and what was committed is there afterwards.</summary>
[Collection<ContainersDefinition>]
[Trait("Category", "Containers")]
public sealed class ContainerPostgresFaultTests(ContainersFixture containers) : IAsyncLifetime
{
    private Catalogue? _catalogue;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private PostgresServer Postgres => containers.Servers.Postgres;

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
    public async Task While_PostgreSQL_is_stopped_hits_are_served_and_misses_fail()
    {
        await Postgres.StopAsync(Cancellation);
        Assert.Equal(39.90m, await Catalogue.PriceAsync());
        await Assert.ThrowsAnyAsync<NpgsqlException>(() => Catalogue.PriceAsync(2));
        await Assert.ThrowsAnyAsync<NpgsqlException>(() => Catalogue.SetPriceAsync(35));
        Assert.Equal(39.90m, await Catalogue.PriceAsync());

        await Postgres.StartAsync(Cancellation);
        Assert.Equal(25m, await Catalogue.PriceAsync(2));
        await Catalogue.SetPriceAsync(35);
        Assert.Equal(35m, await Catalogue.PriceAsync());
    }

    [ContainersFact]
    public async Task While_PostgreSQL_is_paused_hits_are_served_and_a_miss_can_be_cancelled()
    {
        using var impatience = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        await Postgres.PauseAsync(Cancellation);
        Assert.Equal(39.90m, await Catalogue.PriceAsync());
        var miss = Catalogue.PriceAsync(2, impatience.Token);
        Assert.False(miss.IsCompleted);
        await impatience.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => miss);

        await Postgres.ResumeAsync(Cancellation);
        Assert.Equal(25m, await Catalogue.PriceAsync(2));
    }

    [ContainersFact]
    public async Task A_PostgreSQL_that_is_killed_in_a_write_keeps_what_was_committed_and_nothing_else()
    {
        await Catalogue.SetPriceAsync(35);
        Assert.Equal(35m, await Catalogue.CachedPriceAsync());
        await Assert.ThrowsAnyAsync<NpgsqlException>(() => Catalogue.SetPriceAsync(1, Postgres.KillAsync));
        Assert.Equal(35m, await Catalogue.PriceAsync());

        await Postgres.StartAsync(Cancellation);
        await Catalogue.Store.InvalidateKeyAsync("product:1", Cancellation);
        Assert.Equal(35m, await Catalogue.PriceAsync());
    }

    [ContainersFact]
    public async Task PostgreSQL_is_found_at_another_port_after_a_restart()
    {
        var (address, portBefore) = (Postgres.ConnectionString, Port(Postgres.DirectConnectionString));
        await Postgres.StopAsync(Cancellation);

        // The port is taken meanwhile, so that the engine must publish another.
        using var occupant = new TcpListener(IPAddress.Any, portBefore);
        occupant.Start();
        await Postgres.StartAsync(Cancellation);

        Assert.NotEqual(portBefore, Port(Postgres.DirectConnectionString));
        Assert.Equal(address, Postgres.ConnectionString);
        await UntilAsync(ReadsSucceedAsync);
        Assert.Equal(25m, await Catalogue.PriceAsync(2));
        await Catalogue.SetPriceAsync(35);
        Assert.Equal(35m, await Catalogue.PriceAsync());
    }

    /// <summary>Npgsql's pool hands out each connection of before the restart once more.</summary>
    private async Task<bool> ReadsSucceedAsync()
    {
        try
        {
            return await Catalogue.PriceAsync(2) is not null;
        }
        catch (NpgsqlException)
        {
            return false;
        }
    }

    private static int Port(string connectionString) => new NpgsqlConnectionStringBuilder(connectionString).Port;
}
