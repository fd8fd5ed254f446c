using HybridStore.IntegrationTests.Fencing;
using HybridStore.Redis;
using HybridStore.Redis.Generations;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace HybridStore.IntegrationTests.Generations;

/// <summary>One instance has raised the generation, and another does not know yet: its clock stands still, so that it believes its proof
/// for as long as a test wants.</summary>
public sealed class RaisedGenerationTests(ServersFixture servers)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(false, false)]
    public async Task An_invalidation_reaches_those_who_still_read_in_the_generation_before(bool byTag, bool knowsXid)
    {
        await using var pair = await Pair.StartAsync(servers);
        Assert.Equal(0, await pair.ReadAsync(pair.Unaware));
        await pair.RaiseAsync();
        Assert.Equal(0, await pair.ReadAsync(pair.Unaware));
        var xid = await pair.CommitAsync(1);

        await Race.InvalidateAsync(pair.Raiser, new Invalidation
        {
            Keys = byTag ? [] : [Race.Key],
            Tags = byTag ? [Race.Tag] : [],
            TransactionId = knowsXid ? xid : null,
        });

        Assert.Equal(1, await pair.ReadAsync(pair.Unaware));
        Assert.Equal(1, await pair.ReadAsync(pair.Raiser));
    }

    [Fact]
    public async Task Large_tag_sets_of_the_generation_before_go_in_chunks_as_well()
    {
        const int Members = (2 * RedisInvalidations.MembersPerCall) + 10;
        await using var pair = await Pair.StartAsync(servers);
        for (var id = 0; id < Members; id++)
        {
            await pair.Unaware.Store.GetAsync(
                $"many:{id}",
                (context, _) =>
                {
                    context.AddTag(Race.Tag);
                    return ValueTask.FromResult(1);
                },
                cancellationToken: Cancellation);
        }

        // The last of them is stored behind its reader.
        await pair.Unaware.Root.Redis!.Session!.Database.PingAsync();
        var before = pair.Unaware.Generation;
        Assert.Equal(Members, (long)await pair.Raiser.RedisAsync("ZCARD", before.TagSet(0, Race.Tag).ToString()));
        await pair.RaiseAsync();
        await Race.InvalidateAsync(pair.Raiser, Invalidation.OfTags(Race.Tag));

        Assert.Equal(0, (long)await pair.Raiser.RedisAsync("ZCARD", before.TagSet(0, Race.Tag).ToString()));
        for (var id = 0; id < Members; id++)
        {
            Assert.Equal(0, (long)await pair.Raiser.RedisAsync("EXISTS", before.Entry(0, $"many:{id}").ToString()));
        }
    }

    [Fact]
    public async Task An_instance_that_does_not_know_stores_nothing_in_the_generation_before_and_learns_of_the_new_one()
    {
        await using var pair = await Pair.StartAsync(servers);
        var before = pair.Unaware.Generation;
        await pair.RaiseAsync();

        // The miss asks for a lease, and is told.
        Assert.Equal(0, await pair.ReadAsync(pair.Unaware));

        Assert.Equal(pair.Raiser.Generation.Number, pair.Unaware.Generation.Number);
        Assert.Equal(0, (long)await pair.Raiser.RedisAsync("EXISTS", before.Entry(0, Race.Key).ToString()));
        Assert.Equal(1, (long)await pair.Raiser.RedisAsync("EXISTS", pair.Raiser.Generation.Entry(0, Race.Key).ToString()));
    }

    [Fact]
    public async Task An_instance_asks_before_it_reads_once_its_last_answer_is_a_second_old()
    {
        await using var pair = await Pair.StartAsync(servers);
        Assert.Equal(0, await pair.ReadAsync(pair.Unaware));
        await pair.CommitAsync(1);
        await pair.RaiseAsync();
        Assert.Equal(0, await pair.ReadAsync(pair.Unaware));

        pair.Clock.Advance(GenerationRegister.ProofTime);

        Assert.Equal(1, await pair.ReadAsync(pair.Unaware));
        Assert.Equal(pair.Raiser.Generation.Number, pair.Unaware.Generation.Number);
    }

    [Fact]
    public async Task An_invalidation_of_an_instance_that_does_not_know_removes_in_both_generations()
    {
        await using var pair = await Pair.StartAsync(servers);
        Assert.Equal(0, await pair.ReadAsync(pair.Unaware));
        var before = pair.Unaware.Generation;
        await pair.RaiseAsync();
        Assert.Equal(0, await pair.ReadAsync(pair.Raiser));
        await pair.CommitAsync(1);

        await Race.InvalidateAsync(pair.Unaware, Invalidation.OfKeys(Race.Key));

        Assert.Equal(0, (long)await pair.Raiser.RedisAsync("EXISTS", before.Entry(0, Race.Key).ToString()));
        Assert.Equal(1, await pair.ReadAsync(pair.Raiser));
        Assert.Equal(1, await pair.ReadAsync(pair.Unaware));
    }

    [Fact]
    public async Task A_partition_that_was_not_raised_is_when_somebody_who_knows_comes_by()
    {
        await using var pair = await Pair.StartAsync(servers, partitions: 4);
        var session = pair.Raiser.Root.Redis!.Session!;
        var partition = session.Layout.PartitionOf(Race.Key);
        Assert.Equal(0, await pair.ReadAsync(pair.Unaware));
        await pair.CommitAsync(1);
        await pair.RaiseAsync();

        // As if its server had been away then.
        await pair.Raiser.RedisAsync("HSET", session.Layout.State(partition).ToString(), "g", pair.Unaware.Generation.Text);

        Assert.Equal(1, await pair.ReadAsync(pair.Raiser));
        Assert.Equal(
            pair.Raiser.Generation.Text, (string?)await pair.Raiser.RedisAsync("HGET", session.Layout.State(partition).ToString(), "g"));
    }

    [Fact]
    public async Task Fences_outlive_a_raise()
    {
        await using var race = await Race.StartAsync(servers);
        await using var write = await race.BeginWriteAsync(1);
        await Race.InvalidateKeyAsync(race.Second, write.Xid);
        await race.First.Store.FlushAsync(Cancellation);
        var read = await race.HoldAsync(race.First);
        await write.CommitAsync();

        Assert.Equal((0, "refused_fenced"), await read.EndAsync());
        await race.AssertReadersGetAsync(1);
    }

    [Theory]
    [InlineData(LoadPath.Query)]
    [InlineData(LoadPath.Unstamped)]
    public async Task A_raise_that_stands_for_a_write_which_cannot_be_seen_yet_fences_everything(LoadPath path)
    {
        await using var race = await Race.StartAsync(servers);
        await using var write = await race.BeginWriteAsync(1);
        var generations = new RedisGenerations(new RedisClock(TimeProvider.System), TimeProvider.System);
        Assert.True(await generations.RaiseAsync(race.First.Root.Redis!.Session!, write.Xid, probing: false));
        var read = await race.HoldAsync(race.First, path);
        await write.CommitAsync();

        Assert.Equal((0, "refused_fenced"), await read.EndAsync());
        Assert.Equal(1, await race.ReadAsync(race.First));
    }

    /// <summary>Two instances, one of whose clocks stands still.</summary>
    private sealed class Pair(Race race, StoreHost unaware, FakeTimeProvider clock) : IAsyncDisposable
    {
        public FakeTimeProvider Clock { get; } = clock;

        public StoreHost Raiser => race.First;

        public StoreHost Unaware { get; } = unaware;

        public static async Task<Pair> StartAsync(ServersFixture servers, int partitions = 1)
        {
            var race = await Race.StartAsync(servers, options => options.Partitions = partitions);
            var clock = new FakeTimeProvider();
            var unaware = await StoreHost.StartAsync(
                servers, register: (services, _) => services.AddSingleton<TimeProvider>(clock), besides: race.First);
            return new Pair(race, unaware, clock);
        }

        public Task<ulong> CommitAsync(int version) => race.CommitAsync(version);

        public async Task<int> ReadAsync(StoreHost host)
        {
            var version = await host.Store.GetAsync(Race.Key, race.Load(), cancellationToken: Cancellation);
            await host.Root.Redis!.Session!.Database.PingAsync();
            return version;
        }

        /// <summary>Raises the generation, and does not wait until everybody knows.</summary>
        public async Task RaiseAsync()
        {
            var generations = new RedisGenerations(new RedisClock(TimeProvider.System), TimeProvider.System);
            Assert.True(await generations.RaiseAsync(Raiser.Root.Redis!.Session!, floor: null, probing: false));
            Assert.True(Raiser.Generation.Number > Unaware.Generation.Number);
        }

        public async ValueTask DisposeAsync()
        {
            await Unaware.DisposeAsync();
            await race.DisposeAsync();
        }
    }
}
