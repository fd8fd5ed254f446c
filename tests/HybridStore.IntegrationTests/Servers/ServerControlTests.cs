using System.Net.Sockets;
using HybridStore.Servers;
using Npgsql;
using static HybridStore.IntegrationTests.Servers.OwnServers;

namespace HybridStore.IntegrationTests.Servers;

public sealed class ServerControlTests(OwnServers servers) : IClassFixture<OwnServers>, IAsyncLifetime
{
    private static readonly TimeSpan Silence = TimeSpan.FromMilliseconds(300);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>Each test finds both servers running, whatever the one before has done.</summary>
    public async ValueTask InitializeAsync()
    {
        await servers.Postgres.StartAsync(Cancellation);
        await servers.Redis.StartAsync(Cancellation);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    public async Task A_stopped_PostgreSQL_refuses_and_comes_back_with_its_data_at_the_same_address()
    {
        var database = await servers.Postgres.CreateDatabaseAsync(Cancellation);
        await QueryAsync(database, "create table t as select 7 as x");
        await servers.Postgres.StopAsync(Cancellation);

        Assert.Equal(ServerState.Stopped, servers.Postgres.State);
        await AssertRefusedAsync(servers.Postgres);

        await servers.Postgres.StartAsync(Cancellation);
        Assert.Equal(ServerState.Running, servers.Postgres.State);
        Assert.Equal(7, await QueryAsync(database, "select x from t"));
    }

    [Fact]
    public async Task A_killed_PostgreSQL_recovers_what_was_committed()
    {
        var database = await servers.Postgres.CreateDatabaseAsync(Cancellation);
        await QueryAsync(database, "create table t as select 8 as x");
        await using var connection = new NpgsqlConnection(database);
        await connection.OpenAsync(Cancellation);
        await servers.Postgres.KillAsync(Cancellation);

        await Assert.ThrowsAnyAsync<NpgsqlException>(async () =>
        {
            await using var command = new NpgsqlCommand("select 1", connection);
            await command.ExecuteScalarAsync(Cancellation);
        });
        await AssertRefusedAsync(servers.Postgres);

        await servers.Postgres.StartAsync(Cancellation);
        Assert.Equal(8, await QueryAsync(database, "select x from t"));
        Assert.Contains("automatic recovery", await servers.Postgres.ReadLogTailAsync(Cancellation), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_paused_PostgreSQL_is_silent_until_it_is_resumed()
    {
        await using var connection = new NpgsqlConnection(servers.Postgres.ConnectionString);
        await connection.OpenAsync(Cancellation);
        await using var command = new NpgsqlCommand("select 9", connection);
        await servers.Postgres.PauseAsync(Cancellation);
        Assert.Equal(ServerState.Paused, servers.Postgres.State);

        var answer = command.ExecuteScalarAsync(Cancellation);
        await Assert.ThrowsAsync<TimeoutException>(() => answer.WaitAsync(Silence, Cancellation));

        await servers.Postgres.ResumeAsync(Cancellation);
        Assert.Equal(9, await answer);
    }

    [Fact]
    public async Task A_stopped_Redis_refuses_and_comes_back_empty_at_the_same_address()
    {
        await servers.Redis.RunAsync("SET", "a", "1");
        await servers.Redis.StopAsync(Cancellation);
        await AssertRefusedAsync(servers.Redis);

        await servers.Redis.StartAsync(Cancellation);
        await AssertServesEmptyAsync();
    }

    [Fact]
    public async Task A_killed_Redis_drops_its_clients_and_comes_back_empty()
    {
        await servers.Redis.RunAsync("SET", "a", "1");
        await using var client = await ConnectAsync(servers.Redis.ConnectionString);
        var lost = new TaskCompletionSource();
        client.ConnectionFailed += (_, _) => lost.TrySetResult();
        await servers.Redis.KillAsync(Cancellation);
        await lost.Task.WaitAsync(Cancellation);
        await AssertRefusedAsync(servers.Redis);

        await servers.Redis.StartAsync(Cancellation);
        await AssertServesEmptyAsync();
    }

    [Fact]
    public async Task A_paused_Redis_is_silent_until_it_is_resumed()
    {
        await using var client = await ConnectAsync(servers.Redis.ConnectionString);
        await servers.Redis.PauseAsync(Cancellation);

        var answer = client.GetDatabase().PingAsync();
        await Assert.ThrowsAsync<TimeoutException>(() => answer.WaitAsync(Silence, Cancellation));

        await servers.Redis.ResumeAsync(Cancellation);
        Assert.True(await answer >= Silence);
    }

    [Fact]
    public async Task Restart_keeps_the_address_and_PostgreSQLs_data_and_empties_Redis()
    {
        var (postgres, redis) = (servers.Postgres.ConnectionString, servers.Redis.ConnectionString);
        var database = await servers.Postgres.CreateDatabaseAsync(Cancellation);
        await QueryAsync(database, "create table t as select 10 as x");
        await servers.Redis.RunAsync("SET", "a", "1");
        await Task.WhenAll(servers.Postgres.RestartAsync(Cancellation), servers.Redis.RestartAsync(Cancellation));

        Assert.Equal(10, await QueryAsync(database, "select x from t"));
        await AssertServesEmptyAsync();
        Assert.Equal((postgres, redis), (servers.Postgres.ConnectionString, servers.Redis.ConnectionString));
    }

    [Fact]
    public async Task A_client_of_Redis_finds_it_again_after_a_restart()
    {
        await using var client = await ConnectAsync(servers.Redis.ConnectionString);
        var restored = new TaskCompletionSource();
        client.ConnectionRestored += (_, _) => restored.TrySetResult();
        await servers.Redis.RestartAsync(Cancellation);
        await restored.Task.WaitAsync(Cancellation);
        Assert.True(await client.GetDatabase().StringSetAsync("b", "2"));
    }

    [Fact]
    public async Task A_paused_server_can_be_stopped_and_killed()
    {
        await servers.Postgres.PauseAsync(Cancellation);
        await servers.Postgres.StopAsync(Cancellation);
        await servers.Redis.PauseAsync(Cancellation);
        await servers.Redis.KillAsync(Cancellation);
        Assert.Equal((ServerState.Stopped, ServerState.Stopped), (servers.Postgres.State, servers.Redis.State));
    }

    [Fact]
    public async Task Stopping_and_starting_twice_is_the_same_as_once()
    {
        await servers.Redis.StopAsync(Cancellation);
        await servers.Redis.StopAsync(Cancellation);
        await servers.Redis.KillAsync(Cancellation);
        await servers.Redis.StartAsync(Cancellation);
        await servers.Redis.RunAsync("SET", "a", "1");
        await servers.Redis.StartAsync(Cancellation);
        Assert.Equal("1", (string?)await servers.Redis.RunAsync("GET", "a"));
    }

    [Fact]
    public async Task A_stopped_server_cannot_be_paused()
    {
        await servers.Redis.StopAsync(Cancellation);
        var exception = await Assert.ThrowsAsync<InvalidOperationException>(() => servers.Redis.PauseAsync(Cancellation));
        Assert.Contains("start it before you pause it", exception.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<InvalidOperationException>(() => servers.Redis.ResumeAsync(Cancellation));
    }

    [Fact]
    public async Task A_cancelled_operation_does_nothing()
    {
        var cancelled = new CancellationToken(canceled: true);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => servers.Redis.StopAsync(cancelled));
        Assert.Equal(ServerState.Running, servers.Redis.State);
        Assert.Equal("PONG", (string?)await servers.Redis.RunAsync("PING"));
    }

    private static async Task AssertRefusedAsync(TestServer server)
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        var refused = await Assert.ThrowsAsync<SocketException>(
            async () => await socket.ConnectAsync(server.Proxy.Endpoint, Cancellation));
        Assert.Equal(SocketError.ConnectionRefused, refused.SocketErrorCode);
    }

    private async Task AssertServesEmptyAsync()
    {
        await using var client = await ConnectAsync(servers.Redis.ConnectionString);
        Assert.Equal(0, (int)await client.GetDatabase().ExecuteAsync("DBSIZE"));
    }
}
