using System.Transactions;
using HybridStore.IntegrationTests.Telemetry;
using HybridStore.Serialization;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace HybridStore.IntegrationTests.Reading;

/// <summary>Early refreshes by the reader who comes upon them.</summary>
public sealed class InlineRefreshTests(ServersFixture servers)
{
    private const int Callers = 32;
    private const string Key = EarlyEntry.Key;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task One_reader_loads_and_gets_the_new_value_and_the_others_the_current_one_meanwhile()
    {
        await using var host = await StoreHost.StartAsync(servers);
        var raw = await RawRedis.OfAsync(host, servers.Redis);
        await EarlyEntry.StoreAsync(host, raw);
        var load = new GatedLoad<string>("new");

        var readers = Enumerable.Range(0, Callers).Select(_ => Task.Run(
            async () => await host.Store.GetAsync(Key, load.RunAsync, EarlyEntry.Inline, Cancellation), Cancellation)).ToList();
        for (var left = Callers; left > 1; left--)
        {
            // Nobody of them waits for the gate but one.
            var reader = await Task.WhenAny(readers);
            Assert.Equal("old", await reader);
            readers.Remove(reader);
        }

        await load.Started.WaitAsync(Cancellation);
        load.Release();

        Assert.Equal("new", await readers[0]);
        Assert.Equal(1, load.Runs);
        Assert.Equal("new", await host.Store.GetAsync(Key, load.RunAsync, EarlyEntry.Calm, Cancellation));
    }

    [Fact]
    public async Task A_load_that_fails_gives_its_reader_the_current_value_and_is_logged()
    {
        await using var host = await StoreHost.StartAsync(servers);
        var raw = await RawRedis.OfAsync(host, servers.Redis);
        await EarlyEntry.StoreAsync(host, raw);
        var entry = await raw.EntryAsync(Key);

        Assert.Equal("old", await host.Store.GetAsync(Key, Failing, EarlyEntry.Inline, Cancellation));

        Assert.Single(host.Logs.GetSnapshot(), log => log.Id.Id == 1203 && log.Level == LogLevel.Warning);
        Assert.Equal(entry, await raw.EntryAsync(Key));
        Assert.Equal("new", await host.Store.GetAsync(Key, (_, _) => ValueTask.FromResult("new"), EarlyEntry.Inline, Cancellation));

        static ValueTask<string> Failing(LoadContext context, CancellationToken token) =>
            throw new InvalidOperationException("PostgreSQL does not answer.");
    }

    [Fact]
    public async Task A_load_with_access_of_its_own_is_refreshed_inline_and_never_behind_its_caller()
    {
        await using var host = await StoreHost.StartAsync(servers);
        var raw = await RawRedis.OfAsync(host, servers.Redis);
        await EarlyEntry.StoreAsync(host, raw);
        var loads = 0;

        Assert.Equal("old", await host.Store.GetAsync(Key, LoadAsync, EarlyEntry.Eager, Cancellation));
        Assert.Equal(0, loads);
        Assert.Equal("new", await host.Store.GetAsync(Key, LoadAsync, EarlyEntry.Inline, Cancellation));
        Assert.Equal(1, loads);
        Assert.Equal("new", await host.Store.GetAsync(Key, LoadAsync, EarlyEntry.Calm, Cancellation));
        Assert.Equal(1, loads);

        Task<string> LoadAsync(CancellationToken token)
        {
            loads++;
            return Task.FromResult("new");
        }
    }

    [Fact]
    public async Task The_readers_own_cancellation_ends_it_and_frees_the_lease()
    {
        await using var host = await StoreHost.StartAsync(servers);
        var raw = await RawRedis.OfAsync(host, servers.Redis);
        await EarlyEntry.StoreAsync(host, raw);
        var load = new GatedLoad<string>("never");
        using var caller = new CancellationTokenSource();
        var reader = host.Store.GetAsync(Key, load.RunAsync, EarlyEntry.Inline, caller.Token).AsTask();
        await load.Started.WaitAsync(Cancellation);

        await caller.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reader);
        Assert.DoesNotContain(host.Logs.GetSnapshot(), log => log.Id.Id == 1203);
        Assert.Equal("new", await host.Store.GetAsync(Key, (_, _) => ValueTask.FromResult("new"), EarlyEntry.Inline, Cancellation));
    }

    [Fact]
    public async Task While_another_process_loads_the_reader_gets_the_current_value_and_does_not_wait()
    {
        await using var host = await StoreHost.StartAsync(servers, options => options.LeaseWait = TimeSpan.FromMinutes(1));
        var raw = await RawRedis.OfAsync(host, servers.Redis);
        await EarlyEntry.StoreAsync(host, raw);
        var answer = await host.Root.Gateway!.LeaseForWriteAsync(Key, Cancellation);
        Assert.True(answer.TryGetValue(out var held) && held.Lease is not null);

        Assert.Equal("old", await host.Store.GetAsync(Key, Forbidden, EarlyEntry.Inline, Cancellation));

        Assert.DoesNotContain(host.Logs.GetSnapshot(), log => log.Id.Id == 1203);
    }

    [Fact]
    public async Task In_an_ambient_transaction_the_reader_gets_the_current_value()
    {
        await using var host = await StoreHost.StartAsync(servers);
        var raw = await RawRedis.OfAsync(host, servers.Redis);
        await EarlyEntry.StoreAsync(host, raw);
        using var transaction = new TransactionScope(TransactionScopeAsyncFlowOption.Enabled);

        Assert.Equal("old", await host.Store.GetAsync(Key, Forbidden, EarlyEntry.Inline, Cancellation));

        Assert.DoesNotContain(host.Logs.GetSnapshot(), log => log.Id.Id == 1203);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_load_that_reads_so_inherits_the_snapshot_of_what_it_gets(bool succeeds)
    {
        await using var host = await StoreHost.StartAsync(servers);
        var raw = await RawRedis.OfAsync(host, servers.Redis);
        await EarlyEntry.StoreAsync(host, raw, (context, token) => SelectAsync(context, "old", token));
        var write = await CommitAsync(host);

        var read = await host.Store.GetAsync("outer", OuterAsync, EarlyEntry.Calm, Cancellation);

        Assert.Equal(succeeds ? "new, outer" : "old, outer", read);
        var entry = await raw.EntryAsync("outer");
        Assert.True(EntryHeader.TryRead(entry, out var header));
        Assert.Equal(succeeds, header.ReadStamp(entry)!.Sees(write));

        async ValueTask<string> OuterAsync(LoadContext context, CancellationToken token)
        {
            var own = await SelectAsync(context, "outer", token);
            return $"{await host.Store.GetAsync(Key, InnerAsync, EarlyEntry.Inline, token)}, {own}";
        }

        ValueTask<string> InnerAsync(LoadContext context, CancellationToken token) =>
            succeeds ? SelectAsync(context, "new", token) : throw new InvalidOperationException("No.");
    }

    [Fact]
    public async Task The_time_that_it_takes_is_part_of_the_read()
    {
        await using var host = await StoreHost.StartAsync(servers, register: (services, _) => services.AddMetrics());
        var raw = await RawRedis.OfAsync(host, servers.Redis);
        await EarlyEntry.StoreAsync(host, raw);
        using var meter = new RecordedMeter(host);

        Assert.Equal("new", await host.Store.GetAsync(Key, (_, _) => ValueTask.FromResult("new"), EarlyEntry.Inline, Cancellation));

        Assert.Equal(["hit"], meter.TagsOf("hybridstore.reads", "hybridstore.outcome"));
        Assert.Equal(["hit"], meter.TagsOf("hybridstore.read.duration", "hybridstore.outcome"));
        Assert.True(
            Assert.Single(meter.Of("hybridstore.read.duration")).Value >= Assert.Single(meter.Of("hybridstore.load.duration")).Value);
    }

    private static async Task<ulong> CommitAsync(StoreHost host)
    {
        await using var command = host.DataSource.CreateCommand("select pg_current_xact_id()::text");
        return ulong.Parse((string)(await command.ExecuteScalarAsync(Cancellation))!, System.Globalization.CultureInfo.InvariantCulture);
    }

    private static async ValueTask<string> SelectAsync(LoadContext context, string text, CancellationToken token) =>
        (await context.ExecuteScalarAsync<string>("select @text", new { text }, token))!;

    private static ValueTask<string> Forbidden(LoadContext context, CancellationToken cancellationToken) =>
        throw new InvalidOperationException("It was loaded.");
}
