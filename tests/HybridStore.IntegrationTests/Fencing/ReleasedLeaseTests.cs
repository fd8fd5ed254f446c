namespace HybridStore.IntegrationTests.Fencing;

/// <summary>A load that stores nothing gives its lease back: nobody waits for it.</summary>
public sealed class ReleasedLeaseTests(ServersFixture servers)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public Task A_load_that_finds_nothing_holds_nobody_up() => AssertReleasedAsync((_, _) => ValueTask.FromResult<string?>(null));

    [Fact]
    public Task A_load_that_declines_holds_nobody_up() => AssertReleasedAsync((context, _) =>
    {
        context.DoNotCache();
        return ValueTask.FromResult<string?>("value");
    });

    [Fact]
    public Task A_load_whose_value_is_too_large_holds_nobody_up() =>
        AssertReleasedAsync((_, _) => ValueTask.FromResult<string?>(new string('x', 2 << 20)));

    [Fact]
    public async Task A_load_that_fails_holds_nobody_up()
    {
        await using var race = await StartAsync();
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await race.First.Store.GetAsync<string?>(
            Race.Key, (_, _) => throw new InvalidOperationException("No."), cancellationToken: Cancellation));

        await AssertFreeAsync(race);
    }

    [Fact]
    public async Task A_load_that_is_refused_holds_nobody_up_and_leaves_the_fences()
    {
        await using var race = await StartAsync();
        await using var write = await race.BeginWriteAsync(1);
        await Race.InvalidateKeyAsync(race.Second, write.Xid);
        var read = await race.HoldAsync(race.First);

        Assert.Equal((0, "refused_fenced"), await read.EndAsync());

        Assert.Equal(1, await race.Redis.HashLengthAsync(race.Guard));
        await AssertFreeAsync(race);
    }

    [Fact]
    public async Task A_load_gives_back_no_lease_but_its_own()
    {
        await using var race = await StartAsync();
        var older = await race.HoldAsync(race.First, (context, _) =>
        {
            context.DoNotCache();
            return ValueTask.FromResult(0);
        });
        await race.EndLeaseAsync();
        var younger = await race.HoldAsync(race.Second);

        Assert.Equal((0, "declined"), await older.EndAsync());
        await race.SettleAsync();

        Assert.True(await race.Redis.HashExistsAsync(race.Guard, "t"));
        Assert.Equal((0, "stored"), await younger.EndAsync());
    }

    private Task<Race> StartAsync() => Race.StartAsync(servers, options => options.LeaseDuration = options.FenceTtl);

    private async Task AssertReleasedAsync(Func<LoadContext, CancellationToken, ValueTask<string?>> load)
    {
        await using var race = await StartAsync();
        await race.First.Store.GetAsync(Race.Key, load, cancellationToken: Cancellation);
        await AssertFreeAsync(race);
    }

    private static async Task AssertFreeAsync(Race race)
    {
        await race.SettleAsync();
        Assert.False(await race.Redis.HashExistsAsync(race.Guard, "t"));
        var answer = await race.Second.Root.Gateway!.LeaseAsync(Race.Key, default, Cancellation);
        Assert.True(answer.TryGetValue(out var lease));
        Assert.NotNull(lease.Lease);
    }
}
