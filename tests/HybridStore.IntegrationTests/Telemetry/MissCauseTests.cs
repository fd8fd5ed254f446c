using HybridStore.Fencing;
using HybridStore.IntegrationTests.Journaling;
using HybridStore.IntegrationTests.Reading;
using HybridStore.IntegrationTests.Resilience;
using HybridStore.IntegrationTests.Writing;
using Microsoft.Extensions.DependencyInjection;

namespace HybridStore.IntegrationTests.Telemetry;

/// <summary>Each miss is counted once, by why the cache had nothing that could be served.</summary>
public sealed class MissCauseTests(ServersFixture servers)
{
    private static readonly EntryOptions Plain = new() { Jitter = 0, Beta = 0 };

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_was_never_there_is_cold_and_a_hit_is_no_miss()
    {
        await using var host = await StartAsync();
        using var meter = new RecordedMeter(host);

        await ReadAsync(host);
        await ReadAsync(host);

        Assert.Equal(["cold"], Causes(meter));
    }

    [Fact]
    public async Task What_is_past_its_end_has_expired()
    {
        await using var host = await StartAsync();
        using var meter = new RecordedMeter(host);
        var brief = Plain with { TimeToLive = TimeSpan.FromMilliseconds(200) };
        var raw = await RawRedis.OfAsync(host, servers.Redis);
        await ReadAsync(host, brief);
        await StoredAsync(meter, 1);
        await Eventually.HappensAsync(async () => !await raw.HasEntryAsync("key"), "the entry expires");

        await ReadAsync(host, brief);

        Assert.Equal(["cold", "expired"], Causes(meter));
    }

    [Fact]
    public async Task A_key_that_this_process_invalidates_is_invalidated()
    {
        await using var host = await StartAsync();
        using var meter = new RecordedMeter(host);
        await ReadAsync(host);
        await StoredAsync(meter, 1);
        await host.Store.InvalidateKeyAsync("key", Cancellation);

        await ReadAsync(host);

        Assert.Equal(["cold", "invalidated"], Causes(meter));
    }

    [Fact]
    public async Task A_key_that_a_write_of_another_process_invalidates_is_invalidated()
    {
        await using var host = await StartAsync();
        await using var other = await StartAsync(besides: host);
        await host.ExecuteAsync("create table item (id int primary key)");
        using var meter = new RecordedMeter(host);
        await ReadAsync(host);
        await StoredAsync(meter, 1);
        await other.Store.WriteAsync(
            async (write, token) =>
            {
                await write.ExecuteAsync("insert into item values (1)", cancellationToken: token);
                write.Invalidate("key");
            },
            cancellationToken: Cancellation);

        await ReadAsync(host);

        Assert.Equal(["cold", "invalidated"], Causes(meter));
    }

    [Fact]
    public async Task Fences_that_an_entry_was_stored_with_do_not_explain_why_it_is_gone()
    {
        await using var host = await StartAsync();
        await host.ExecuteAsync("create table item (id int primary key)");
        using var meter = new RecordedMeter(host);
        var raw = await RawRedis.OfAsync(host, servers.Redis);
        await host.Store.WriteAsync(
            async (write, token) =>
            {
                await write.ExecuteAsync("insert into item values (1)", cancellationToken: token);
                write.Invalidate("key");
            },
            cancellationToken: Cancellation);
        await ReadAsync(host);
        await StoredAsync(meter, 1);
        await raw.Database.KeyDeleteAsync(raw.Name("key"));

        await ReadAsync(host);

        Assert.Equal(["invalidated", "evicted"], Causes(meter));
    }

    [Fact]
    public async Task An_entry_whose_tag_was_invalidated_elsewhere_is_gone_by_its_tag()
    {
        await using var host = await StartAsync();
        await using var other = await StartAsync(besides: host);
        using var meter = new RecordedMeter(host);
        await ReadAsync(host, tag: "tag");
        await StoredAsync(meter, 1);
        await other.Store.InvalidateTagAsync("tag", Cancellation);

        await ReadAsync(host, tag: "tag");

        Assert.Equal(["cold", "tag"], Causes(meter));
    }

    [Fact]
    public async Task An_entry_without_tags_that_is_gone_before_its_end_was_evicted()
    {
        await using var host = await StartAsync();
        using var meter = new RecordedMeter(host);
        var raw = await RawRedis.OfAsync(host, servers.Redis);
        await ReadAsync(host);
        await StoredAsync(meter, 1);
        await raw.Database.KeyDeleteAsync(raw.Name("key"));

        await ReadAsync(host);

        Assert.Equal(["cold", "evicted"], Causes(meter));
    }

    [Fact]
    public async Task A_value_that_was_not_stored_is_missed_as_refused()
    {
        await using var host = await StartAsync();
        using var meter = new RecordedMeter(host);
        for (var read = 0; read < 2; read++)
        {
            await host.Store.GetAsync("key", Declining, Plain, Cancellation);
        }

        Assert.Equal(["cold", "refused"], Causes(meter));

        static ValueTask<int> Declining(LoadContext context, CancellationToken token)
        {
            context.DoNotCache();
            return ValueTask.FromResult(1);
        }
    }

    [Fact]
    public async Task After_a_flush_the_generation_is_the_cause()
    {
        await using var host = await StartAsync();
        using var meter = new RecordedMeter(host);
        await ReadAsync(host);
        await StoredAsync(meter, 1);
        await host.Store.FlushAsync(Cancellation);

        await ReadAsync(host);

        Assert.Equal(["cold", "generation"], Causes(meter));
    }

    [Fact]
    public async Task An_entry_that_does_not_reflect_the_callers_write_is_older_than_that()
    {
        await using var accounts = await Accounts.StartAsync(servers, register: (services, _) => services.AddMetrics());
        await accounts.CacheAsync(1);
        var receipt = await accounts.Store.WriteAsync(
            async (write, token) => await write.ExecuteAsync("update account set balance = 1 where id = 1", cancellationToken: token),
            cancellationToken: Cancellation);
        using var meter = new RecordedMeter(accounts.Host);

        await accounts.Store.With(new ReadOptions { AtLeast = receipt.Token }).GetAsync<int>(
            Accounts.Key(1), "select balance from account where id = 1", cancellationToken: Cancellation);

        Assert.Equal(["older_than_write"], Causes(meter));
    }

    [Fact]
    public async Task An_entry_that_may_be_older_than_the_callers_bound_is_that()
    {
        // Nobody applies the journal: without a mark nobody knows how old an entry is.
        await using var journal = await JournalHost.StartAsync(servers, isListening: false);
        await journal.ReadAsync(1);
        using var meter = new RecordedMeter(journal.Host);

        await journal.ReadAsync(1, new ReadOptions { MaxStaleness = TimeSpan.FromSeconds(5) });

        Assert.Equal(["older_than_bound"], Causes(meter));
    }

    [Fact]
    public async Task A_miss_is_counted_once_also_where_redis_does_not_answer_for_the_lease()
    {
        await using var link = RedisLink.To(servers.Redis);
        var gate = new StepGate(ProtocolStep.Lease);
        await using var host = await StoreHost.StartAsync(
            servers,
            options =>
            {
                options.RedisConnectionString = link.ConnectionString;
                options.RedisTimeout = TimeSpan.FromMilliseconds(300);
                options.Protocol = new ProtocolUnderTest { Gate = gate };
            },
            (services, _) => services.AddMetrics());
        using var meter = new RecordedMeter(host);
        var reading = ReadAsync(host);
        await gate.Reached.WaitAsync(Cancellation);
        link.Proxy.Cut();
        gate.Open();

        await reading;

        Assert.Equal(["cold"], Causes(meter));
        Assert.Equal(["miss"], meter.TagsOf("hybridstore.reads", "hybridstore.outcome"));
        Assert.Equal(["unavailable"], meter.TagsOf("hybridstore.lease.wait.duration", "hybridstore.result"));
    }

    [Fact]
    public async Task Everybody_who_shares_a_load_has_missed_for_the_same_cause()
    {
        await using var host = await StartAsync();
        using var meter = new RecordedMeter(host);
        await ReadAsync(host);
        await StoredAsync(meter, 1);
        await host.Store.InvalidateKeyAsync("key", Cancellation);
        var load = new GatedLoad<int>(1);
        var readers = Enumerable.Range(0, 3).Select(_ => host.Store.GetAsync("key", load.RunAsync, Plain, Cancellation).AsTask()).ToList();
        await Eventually.HappensAsync(() => meter.Of("hybridstore.reads").Count == 4, "all have missed");
        load.Release();

        await Task.WhenAll(readers);

        Assert.Equal(["cold", "invalidated", "invalidated", "invalidated"], Causes(meter));
        Assert.Equal(["process", "process"], meter.TagsOf("hybridstore.coalesced", "hybridstore.scope"));
    }

    [Fact]
    public async Task A_load_that_fails_is_counted_as_one_miss()
    {
        await using var host = await StartAsync();
        using var meter = new RecordedMeter(host);

        await Assert.ThrowsAsync<InvalidOperationException>(async () => await host.Store.GetAsync<int>(
            "key", (_, _) => throw new InvalidOperationException(), Plain, Cancellation));

        Assert.Equal(["cold"], Causes(meter));
    }

    private static IEnumerable<string?> Causes(RecordedMeter meter) => meter.TagsOf("hybridstore.misses", "hybridstore.cause");

    /// <summary>The process has heard what became of so many entries.</summary>
    private static Task StoredAsync(RecordedMeter meter, int entries) =>
        Eventually.HappensAsync(() => meter.Of("hybridstore.entries.size").Count == entries, "the entry is stored");

    private static async Task ReadAsync(StoreHost host, EntryOptions? options = null, string? tag = null) => await host.Store.GetAsync(
        "key",
        (context, _) =>
        {
            if (tag is not null)
            {
                context.AddTag(tag);
            }

            return ValueTask.FromResult(1);
        },
        options ?? Plain,
        Cancellation);

    private Task<StoreHost> StartAsync(StoreHost? besides = null) =>
        StoreHost.StartAsync(servers, register: (services, _) => services.AddMetrics(), besides: besides);
}
