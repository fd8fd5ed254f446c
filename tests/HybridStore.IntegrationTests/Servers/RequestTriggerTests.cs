using System.Net;
using System.Net.Sockets;
using HybridStore.Servers;
using Npgsql;
using static HybridStore.IntegrationTests.Servers.OwnServers;

namespace HybridStore.IntegrationTests.Servers;

/// <summary>What the proxy does at one particular request.</summary>
public sealed class RequestTriggerTests(OwnServers servers) : IClassFixture<OwnServers>, IDisposable
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private FaultProxy Proxy => servers.Postgres.Proxy;

    public void Dispose() => Proxy.Restore();

    [Fact]
    public async Task A_reply_cut_at_COMMIT_leaves_the_row_written_and_the_client_without_an_answer()
    {
        var database = await WithTableAsync();
        await using var connection = new NpgsqlConnection(database);
        await connection.OpenAsync(Cancellation);
        await using var transaction = await connection.BeginTransactionAsync(Cancellation);
        await InsertAsync(connection);
        var cut = Proxy.CutReplyAfterRequest("COMMIT");
        Assert.False(cut.IsCompleted);

        var lost = await Assert.ThrowsAnyAsync<NpgsqlException>(() => transaction.CommitAsync(Cancellation));
        Assert.IsNotType<PostgresException>(lost);
        await cut.WaitAsync(Cancellation);
        Assert.Equal(1L, await QueryAsync(database, "select count(*) from t"));
    }

    [Fact]
    public async Task A_cut_before_COMMIT_leaves_no_row_and_looks_the_same_to_the_client()
    {
        var database = await WithTableAsync();
        await using var connection = new NpgsqlConnection(database);
        await connection.OpenAsync(Cancellation);
        await using var transaction = await connection.BeginTransactionAsync(Cancellation);
        await InsertAsync(connection);
        var cut = Proxy.CutBeforeRequest("COMMIT");

        var lost = await Assert.ThrowsAnyAsync<NpgsqlException>(() => transaction.CommitAsync(Cancellation));
        Assert.IsNotType<PostgresException>(lost);
        await cut.WaitAsync(Cancellation);
        Assert.Equal(0L, await QueryAsync(database, "select count(*) from t"));
    }

    [Fact]
    public async Task A_cut_happens_once()
    {
        var cut = Proxy.CutReplyAfterRequest("select 12");
        await Assert.ThrowsAnyAsync<NpgsqlException>(() => QueryAsync(servers.Postgres.ConnectionString, "select 12"));
        await cut.WaitAsync(Cancellation);
        Assert.Equal(12, await QueryAsync(servers.Postgres.ConnectionString, "select 12"));
    }

    [Fact]
    public async Task A_held_request_reaches_the_server_when_it_is_released()
    {
        var database = await WithTableAsync();
        using var held = Proxy.HoldRequest("insert into t");
        var writing = QueryAsync(database, "insert into t values (1)");
        await held.Arrived.WaitAsync(Cancellation);
        Assert.Equal(0L, await QueryAsync(database, "select count(*) from t"));
        Assert.False(writing.IsCompleted);

        held.Release();
        await writing;
        Assert.Equal(1L, await QueryAsync(database, "select count(*) from t"));
    }

    [Fact]
    public async Task A_held_reply_shows_the_work_done_before_its_client_knows()
    {
        var database = await WithTableAsync();
        using var held = Proxy.HoldReply("insert into t");
        var writing = QueryAsync(database, "insert into t values (1)");
        await held.Arrived.WaitAsync(Cancellation);
        Assert.Equal(1L, await QueryAsync(database, "select count(*) from t"));
        Assert.False(writing.IsCompleted);

        held.Release();
        await writing;
        Assert.True(writing.IsCompletedSuccessfully);
    }

    [Fact]
    public async Task Restore_disarms()
    {
        var cut = Proxy.CutReplyAfterRequest("select 13");
        using var held = Proxy.HoldRequest("select 14");
        Proxy.Restore();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cut);
        Assert.Equal(13, await QueryAsync(servers.Postgres.ConnectionString, "select 13"));
        Assert.Equal(14, await QueryAsync(servers.Postgres.ConnectionString, "select 14"));
    }

    [Fact]
    public async Task A_marker_is_found_where_two_packets_meet()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        await using var proxy = FaultProxy.Start(listener.LocalEndpoint);
        using var client = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await client.ConnectAsync(proxy.Endpoint, Cancellation);
        using var server = await listener.AcceptSocketAsync(Cancellation);
        using var held = proxy.HoldRequest("COMMIT");

        await client.SendAsync("xxCOM"u8.ToArray(), Cancellation);
        var received = new byte[16];
        Assert.Equal(5, await server.ReceiveAsync(received, Cancellation));
        await client.SendAsync("MITyy"u8.ToArray(), Cancellation);
        await held.Arrived.WaitAsync(Cancellation);
        held.Release();
        Assert.Equal(5, await server.ReceiveAsync(received, Cancellation));
        Assert.Equal("MITyy"u8.ToArray(), received[..5]);
    }

    [Fact]
    public async Task A_server_that_ends_without_an_answer_fails_the_wait_for_the_cut()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        await using var proxy = FaultProxy.Start(listener.LocalEndpoint);
        using var client = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await client.ConnectAsync(proxy.Endpoint, Cancellation);
        var cut = proxy.CutReplyAfterRequest("COMMIT");
        using (var server = await listener.AcceptSocketAsync(Cancellation))
        {
            await client.SendAsync("COMMIT"u8.ToArray(), Cancellation);
            Assert.Equal(6, await server.ReceiveAsync(new byte[6], Cancellation));
            server.LingerState = new LingerOption(true, 0);
        }

        await Assert.ThrowsAsync<IOException>(() => cut.WaitAsync(Cancellation));
    }

    [Fact]
    public async Task An_empty_marker_is_refused()
    {
        var exception = await Assert.ThrowsAsync<ArgumentException>("marker", () => Proxy.CutReplyAfterRequest(string.Empty));
        Assert.Contains("give 1 to 256 bytes", exception.Message, StringComparison.Ordinal);
    }

    private static async Task InsertAsync(NpgsqlConnection connection)
    {
        await using var insert = new NpgsqlCommand("insert into t values (1)", connection);
        await insert.ExecuteNonQueryAsync(Cancellation);
    }

    private async Task<string> WithTableAsync()
    {
        var database = await servers.Postgres.CreateDatabaseAsync(Cancellation);
        await QueryAsync(database, "create table t (x int)");
        return database;
    }
}
