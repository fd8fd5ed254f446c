using System.Transactions;
using HybridStore.Serialization;
using Npgsql;

namespace HybridStore.IntegrationTests.Reading;

/// <summary>A refresh behind its reader has nothing of his.</summary>
public sealed class RefreshBehindReaderTests(ServersFixture servers)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task It_has_a_connection_of_its_own_and_sees_nothing_of_the_readers_transaction()
    {
        await using var host = await StoreHost.StartAsync(servers);
        var raw = await RawRedis.OfAsync(host, servers.Redis);
        await host.ExecuteAsync("create table product (id int)");
        await EarlyEntry.StoreAsync(host, raw);
        var loaded = new TaskCompletionSource<(Transaction? Ambient, int Process, long Rows)>();
        using var transaction = new TransactionScope(TransactionScopeAsyncFlowOption.Enabled);
        await using var own = await host.DataSource.OpenConnectionAsync(Cancellation);
        await using var insert = new NpgsqlCommand("insert into product values (1)", own);
        await insert.ExecuteNonQueryAsync(Cancellation);

        Assert.Equal("old", await host.Store.GetAsync(EarlyEntry.Key, LoadAsync, EarlyEntry.Eager, Cancellation));

        var (ambient, process, rows) = await loaded.Task.WaitAsync(Cancellation);
        Assert.Null(ambient);
        Assert.NotEqual(own.ProcessID, process);
        Assert.Equal(0, rows);

        async ValueTask<string> LoadAsync(LoadContext context, CancellationToken token)
        {
            var connection = await context.OpenConnectionAsync(token);
            var count = await context.ExecuteScalarAsync<long>("select count(*) from product", cancellationToken: token);
            loaded.TrySetResult((Transaction.Current, connection.ProcessID, count));
            return "new";
        }
    }

    [Fact]
    public async Task A_store_that_ends_lets_it_store_what_it_loads()
    {
        var host = await StoreHost.StartAsync(servers);
        var raw = await RawRedis.OfAsync(host, servers.Redis);
        var name = raw.Name(EarlyEntry.Key);
        await EarlyEntry.StoreAsync(host, raw);
        var load = new GatedLoad<string>("refreshed");
        await host.Store.GetAsync(EarlyEntry.Key, load.RunAsync, EarlyEntry.Eager, Cancellation);
        await load.Started.WaitAsync(Cancellation);

        var ending = host.DisposeAsync().AsTask();
        load.Release();
        await ending;

        byte[]? entry = await raw.Database.StringGetAsync(name);
        Assert.True(EntryHeader.TryRead(entry, out var header));
        Assert.Equal("\"refreshed\"", System.Text.Encoding.UTF8.GetString(entry.AsSpan(header.Length)));
    }
}
