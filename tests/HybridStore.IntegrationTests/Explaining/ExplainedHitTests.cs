using System.Buffers.Binary;
using System.Globalization;
using HybridStore.IntegrationTests.Fencing;
using HybridStore.IntegrationTests.Reading;
using StackExchange.Redis;

namespace HybridStore.IntegrationTests.Explaining;

/// <summary>What is told about keys whose entries are there, or something else under their name.</summary>
public sealed class ExplainedHitTests(ServersFixture servers)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_stored_key_is_a_hit_with_all_that_its_entry_says_and_without_its_value()
    {
        await using var host = await StoreHost.StartAsync(servers);
        var raw = await RawRedis.OfAsync(host, servers.Redis);
        await StoreAsync(host, "user:1", "the value nobody may see", "org:7", "all");
        var header = await raw.HeaderAsync("user:1");

        var explanation = await host.Store.ExplainAsync("user:1", Cancellation);

        Assert.Equal(EntryVerdict.Hit, explanation.Verdict);
        Assert.Equal("user:1", explanation.Key);
        Assert.Equal((string?)host.EntryName("user:1"), explanation.PhysicalName);
        var entry = Assert.IsType<ExplainedEntry>(explanation.Entry);
        Assert.True(entry.IsReadable);
        Assert.Equal("string", entry.RedisType);
        Assert.Equal((await raw.EntryAsync("user:1"))!.Length, entry.Bytes);
        Assert.Equal(header.CreatedAt, entry.CreatedAt!.Value.ToUnixTimeMilliseconds());
        Assert.Equal(header.ExpiresAt, entry.ExpiresAt!.Value.ToUnixTimeMilliseconds());
        Assert.Equal(explanation.LookedAt - entry.CreatedAt, entry.Age);
        Assert.InRange(entry.TimeToLive!.Value, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(11));
        Assert.Equal(header.LoadTime, entry.LoadTime);
        Assert.Equal(0, entry.SchemaVersion);
        Assert.False(entry.IsNull || entry.IsCompressed);
        Assert.Equal(header.ReadStamp(await raw.EntryAsync("user:1"))!.ToString(), entry.Stamp);
        Assert.Equal(["all", "org:7"], explanation.Tags.Select(tag => tag.Tag));
        Assert.All(explanation.Tags, tag => Assert.Equal(entry.ExpiresAt, tag.RegisteredUntil));
        Assert.True(explanation.AreTagsComplete);
        Assert.Null(explanation.Lease);
        Assert.Empty(explanation.Fences.Exact);
        Assert.Equal(RedisCircuit.Closed, explanation.Circuit);
        Assert.False(explanation.IsInvalidationPending);
        Assert.Equal(host.Generation.Number, explanation.Partition!.RecordedGeneration);
        Assert.Equal(host.Generation.Number, explanation.Partition.KnownGeneration);
        Assert.NotNull(explanation.Partition.BootMark);

        var text = explanation.ToString();
        Assert.StartsWith("Hit:", text, StringComparison.Ordinal);
        Assert.Contains("org:7, registered for ", text, StringComparison.Ordinal);
        Assert.Contains((string?)host.EntryName("user:1") ?? "?", text, StringComparison.Ordinal);
        Assert.DoesNotContain("nobody may see", text, StringComparison.Ordinal);
        Assert.All(text.Split('\n'), line => Assert.InRange(line.Length, 1, 400));
    }

    [Fact]
    public async Task A_key_is_explained_in_its_own_partition()
    {
        await using var host = await StoreHost.StartAsync(servers, options => options.Partitions = 16);
        for (var id = 0; id < 10; id++)
        {
            var key = string.Create(CultureInfo.InvariantCulture, $"user:{id}");
            await StoreAsync(host, key, "x", "tag");

            var explanation = await host.Store.ExplainAsync(key, Cancellation);

            Assert.Equal(EntryVerdict.Hit, explanation.Verdict);
            Assert.Equal(host.Root.Redis!.Session!.Layout.PartitionOf(key), explanation.Partition!.Number);
            Assert.Equal("tag", Assert.Single(explanation.Tags).Tag);
        }
    }

    [Fact]
    public async Task A_missing_row_that_is_cached_and_a_compressed_value_say_so()
    {
        await using var host = await StoreHost.StartAsync(servers);
        var raw = await RawRedis.OfAsync(host, servers.Redis);
        await host.Store.GetAsync<string?>(
            "missing",
            (_, _) => ValueTask.FromResult<string?>(null),
            new EntryOptions { NegativeTimeToLive = TimeSpan.FromMinutes(1) },
            Cancellation);
        await host.Store.GetAsync(
            "long",
            (_, _) => ValueTask.FromResult(new string('x', 10_000)),
            new EntryOptions { CompressionThresholdBytes = 100, SchemaVersion = 3 },
            Cancellation);
        await raw.SettleAsync();

        var missing = (await host.Store.ExplainAsync("missing", Cancellation)).Entry!;
        var compressed = (await host.Store.ExplainAsync("long", Cancellation)).Entry!;

        Assert.True(missing is { IsReadable: true, IsNull: true, IsCompressed: false });
        Assert.True(compressed is { IsReadable: true, IsNull: false, IsCompressed: true, SchemaVersion: 3, Bytes: < 10_000 });
    }

    [Fact]
    public async Task An_entry_that_took_long_to_load_and_ends_soon_is_due_to_be_loaded_again()
    {
        await using var host = await StoreHost.StartAsync(servers);
        var raw = await RawRedis.OfAsync(host, servers.Redis);
        await StoreAsync(host, "user:1", "x");

        // More than an hour, of an entry that lives for ten minutes.
        await raw.Database.StringSetRangeAsync(raw.Name("user:1"), 20, new byte[] { 0xFF, 0xFF, 0xFF, 0xFF });

        var explanation = await host.Store.ExplainAsync("user:1", Cancellation);

        Assert.Equal(EntryVerdict.RefreshDue, explanation.Verdict);
        Assert.InRange(explanation.Entry!.RefreshChance, 0.5, 1);
    }

    [Fact]
    public async Task An_entry_that_outlived_its_expiry_is_a_miss()
    {
        await using var host = await StoreHost.StartAsync(servers);
        var raw = await RawRedis.OfAsync(host, servers.Redis);
        await StoreAsync(host, "user:1", "x");
        var past = new byte[8];
        var createdAt = (await raw.HeaderAsync("user:1")).CreatedAt;
        BinaryPrimitives.WriteInt64LittleEndian(past, createdAt - 60_000);
        await raw.Database.StringSetRangeAsync(raw.Name("user:1"), 4, past);
        await raw.Database.KeyPersistAsync(raw.Name("user:1"));

        var explanation = await host.Store.ExplainAsync("user:1", Cancellation);

        Assert.Equal(EntryVerdict.Expired, explanation.Verdict);
        Assert.Null(explanation.Entry!.TimeToLive);
        Assert.Contains("without a time to live", explanation.ToString(), StringComparison.Ordinal);
        Assert.Equal("loaded again", await host.Store.GetAsync(
            "user:1", (_, _) => ValueTask.FromResult("loaded again"), cancellationToken: Cancellation));
    }

    [Theory]
    [InlineData("string", "SET", "not an entry")]
    [InlineData("string", "SET", "")]
    [InlineData("list", "RPUSH", "x")]
    [InlineData("hash", "HSET", "field", "x")]
    public async Task What_is_no_entry_is_undecodable(string type, string command, params string[] arguments)
    {
        await using var host = await StoreHost.StartAsync(servers);
        await host.RedisAsync(command, [host.EntryName("user:1").ToString(), .. arguments]);

        var explanation = await host.Store.ExplainAsync("user:1", Cancellation);

        Assert.Equal(EntryVerdict.Undecodable, explanation.Verdict);
        Assert.False(explanation.Entry!.IsReadable);
        Assert.Equal(type, explanation.Entry.RedisType);
        Assert.DoesNotContain("not an entry", explanation.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Other_types_under_the_names_of_guard_and_state_are_passed_over(bool guard)
    {
        await using var race = await Race.StartAsync(servers);
        await race.ReadAsync(race.First);
        var name = guard ? race.Guard : race.First.Root.Redis!.Session!.Layout.State(0);
        await race.Redis.KeyDeleteAsync(name);
        await race.Redis.ListRightPushAsync(name, "x");

        var explanation = await race.First.Store.ExplainAsync(Race.Key, Cancellation);

        Assert.NotNull(explanation.Entry);
        Assert.Null(explanation.Lease);
        Assert.Equal(RedisType.List, await race.Redis.KeyTypeAsync(name));
    }

    private static async Task StoreAsync(StoreHost host, string key, string value, params string[] tags)
    {
        await host.Store.GetAsync(
            key,
            async (context, token) =>
            {
                context.AddTags(tags);
                await context.ExecuteScalarAsync<int>("select 1", cancellationToken: token);
                return value;
            },
            cancellationToken: Cancellation);
        await host.Root.Redis!.Session!.Database.PingAsync();
    }
}
