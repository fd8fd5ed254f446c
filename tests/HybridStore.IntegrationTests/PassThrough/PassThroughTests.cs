using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Npgsql;

namespace HybridStore.IntegrationTests.PassThrough;

/// <summary>The whole store without Redis.</summary>
public sealed class PassThroughTests(ServersFixture servers)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_application_starts_reads_writes_and_invalidates_with_no_Redis_configured()
    {
        var database = await servers.Postgres.CreateDatabaseAsync(Cancellation);
        var builder = Host.CreateApplicationBuilder();
        builder.Services.AddHybridStore(options =>
        {
            options.Mode = HybridStoreMode.PassThrough;
            options.PostgresConnectionString = database;
        });
        using var app = builder.Build();
        await app.StartAsync(Cancellation);
        var store = app.Services.GetRequiredService<IHybridStore>();

        await store.WriteAsync(
            (write, token) => write.ExecuteAsync("create table item (id int primary key, name text)", cancellationToken: token),
            cancellationToken: Cancellation);
        var receipt = await store.WriteAsync<int>(
            async (write, token) =>
            {
                write.Invalidate("item:1");
                write.InvalidateTag("items");
                return await write.ExecuteAsync("insert into item values (1, 'first')", cancellationToken: token);
            },
            cancellationToken: Cancellation);

        Assert.Equal(1, receipt.Result);
        Assert.NotNull(receipt.TransactionId);
        Assert.Equal(InvalidationStatus.Applied, receipt.Status);
        Assert.Equal(InvalidationStatus.Applied, (await store.InvalidateTagAsync("items", Cancellation)).Status);
        Assert.Equal("first", await ReadAsync(store));
        await app.StopAsync(Cancellation);
    }

    [Fact]
    public async Task Every_read_sees_the_row_as_it_is()
    {
        await using var host = await StartAsync();

        Assert.Equal("first", await ReadAsync(host.Store));
        await host.ExecuteAsync("update item set name = 'second' where id = 1");
        Assert.Equal("second", await ReadAsync(host.Store));
        await host.ExecuteAsync("delete from item");
        Assert.Null(await ReadAsync(host.Store));
    }

    [Fact]
    public async Task A_load_may_tag_and_adapt_as_if_there_were_a_cache()
    {
        await using var host = await StartAsync();

        var name = await host.Store.GetAsync(
            "item:1",
            async (load, token) =>
            {
                load.AddTags("items", "item");
                load.TimeToLive = TimeSpan.FromSeconds(5);
                return await load.ExecuteScalarAsync<string>("select name from item where id = 1", cancellationToken: token);
            },
            EntryOptions.Policy(PolicyNames.Price),
            Cancellation);

        Assert.Equal("first", name);
    }

    [Fact]
    public async Task A_write_that_fails_is_rolled_back()
    {
        await using var host = await StartAsync();

        await Assert.ThrowsAsync<PostgresException>(() => host.Store.WriteAsync(
            async (write, token) =>
            {
                await write.ExecuteAsync("update item set name = 'lost'", cancellationToken: token);
                await write.ExecuteAsync("select 1 / 0", cancellationToken: token);
            },
            cancellationToken: Cancellation));

        Assert.Equal("first", await ReadAsync(host.Store));
    }

    [Fact]
    public async Task Malformed_keys_and_tags_are_refused_as_they_would_be_with_Redis()
    {
        await using var host = await StartAsync();

        await Assert.ThrowsAsync<ArgumentException>(async () => await host.Store.GetAsync<string>("", "select 1", cancellationToken: Cancellation));
        await Assert.ThrowsAsync<ArgumentException>(() => host.Store.InvalidateTagAsync("a\nb", Cancellation));
    }

    [Fact]
    public async Task A_type_that_could_not_be_cached_is_refused_as_it_would_be_with_Redis()
    {
        await using var host = await StartAsync();

        await Assert.ThrowsAsync<NotSupportedException>(async () => await host.Store.GetAsync(
            "item:1", _ => ValueTask.FromResult((1, 2)), cancellationToken: Cancellation));
    }

    private static ValueTask<string?> ReadAsync(IHybridStore store) =>
        store.GetAsync<string>("item:1", "select name from item where id = 1", cancellationToken: Cancellation);

    private async Task<StoreHost> StartAsync()
    {
        var host = await StoreHost.StartAsync(servers, options =>
        {
            options.Mode = HybridStoreMode.PassThrough;
            options.RedisConnectionString = null;
        });
        await host.ExecuteAsync("create table item (id int primary key, name text)");
        await host.ExecuteAsync("insert into item values (1, 'first')");
        return host;
    }
}
