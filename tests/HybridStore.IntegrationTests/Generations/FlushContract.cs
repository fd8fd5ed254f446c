using HybridStore.IntegrationTests.Fencing;

namespace HybridStore.IntegrationTests.Generations;

/// <summary>The whole cache is invalidated at once.</summary>
public abstract class FlushContract(IStoreServers servers)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Once_a_flush_has_returned_no_instance_reads_what_was_there_before()
    {
        await using var race = await Race.StartAsync(servers);
        await race.ReadAsync(race.First);
        Assert.Equal(0, await race.ReadAsync(race.Second));
        await race.CommitAsync(1);

        var receipt = await race.First.Store.FlushAsync(Cancellation);

        Assert.Equal(InvalidationStatus.Applied, receipt.Status);
        Assert.Equal(1, await race.ReadAsync(race.Second));
        await race.AssertReadersGetAsync(1);
    }

    [Theory]
    [InlineData(LoadPath.Query)]
    [InlineData(LoadPath.Unstamped)]
    public async Task A_load_that_began_before_a_flush_answers_its_caller_and_is_not_cached(LoadPath path)
    {
        await using var race = await Race.StartAsync(servers);
        var read = await race.HoldAsync(race.Second, path);
        await race.CommitAsync(1);

        await race.First.Store.FlushAsync(Cancellation);

        Assert.Equal((0, "refused_generation_raised"), await read.EndAsync());
        await race.AssertReadersGetAsync(1);
    }

    [Fact]
    public async Task Who_comes_after_a_flush_does_not_join_a_load_that_began_before_it()
    {
        await using var race = await Race.StartAsync(servers);
        var older = await race.HoldAsync(race.First);
        await race.CommitAsync(1);
        await race.First.Store.FlushAsync(Cancellation);

        Assert.Equal(1, await race.ReadAsync(race.First));

        await older.EndAsync();
        await race.AssertReadersGetAsync(1);
    }

    [Fact]
    public async Task A_flush_raises_every_partition()
    {
        await using var host = await StoreHost.StartAsync(servers, options => options.Partitions = 16);
        var before = host.Generation.Number;

        await host.Store.FlushAsync(Cancellation);

        var layout = host.Root.Redis!.Session!.Layout;
        Assert.True(host.Generation.Number > before);
        for (var partition = 0; partition < 16; partition++)
        {
            Assert.Equal(host.Generation.Text, (string?)await host.RedisAsync("HGET", layout.State(partition).ToString(), "g"));
        }
    }

    [Fact]
    public async Task Flushes_at_the_same_moment_all_hold()
    {
        await using var race = await Race.StartAsync(servers, options => options.Partitions = 4);
        var before = race.First.Generation.Number;

        await Task.WhenAll(Enumerable.Range(0, 8).Select(
            number => (number % 2 == 0 ? race.First : race.Second).Store.FlushAsync(Cancellation)));

        // Who has flushed last knows the number of its own; every partition has it.
        var session = race.First.Root.Redis!.Session!;
        var recorded = new HashSet<long>();
        for (var partition = 0; partition < 4; partition++)
        {
            recorded.Add((long)await session.Database.HashGetAsync(session.Layout.State(partition), "g"));
        }

        Assert.True(Assert.Single(recorded) >= before + 8);
        Assert.Equal(Math.Max(race.First.Generation.Number, race.Second.Generation.Number), recorded.Single());
    }

    [Fact]
    public async Task A_flush_without_redis_returns_at_once()
    {
        await using var host = await StoreHost.StartAsync(servers, options => options.Mode = HybridStoreMode.PassThrough);

        Assert.Equal(InvalidationStatus.Applied, (await host.Store.FlushAsync(Cancellation)).Status);
    }

    [Fact]
    public async Task A_flush_can_be_cancelled_before_it_begins()
    {
        await using var host = await StoreHost.StartAsync(servers);
        var before = host.Generation.Number;

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => host.Store.FlushAsync(new CancellationToken(canceled: true)));

        Assert.Equal(before, host.Generation.Number);
    }
}
