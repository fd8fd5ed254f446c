namespace HybridStore.IntegrationTests.Fencing;

/// <summary>The lease lets one load of a key run among all instances; the others wait for what it stores.</summary>
public sealed class LeaseWaitTests(ServersFixture servers)
{
    private const int Callers = 32;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Readers_of_two_instances_share_one_load()
    {
        await using var race = await Race.StartAsync(servers, Patient);
        var load = new HeldLoad<int>(race.Load());
        var first = Readers(race.First, load);
        await load.HasRead.WaitAsync(Cancellation);
        var second = Readers(race.Second, load);
        await race.SettleAsync();

        load.LetReturn();

        Assert.All(await Task.WhenAll([.. first, .. second]), version => Assert.Equal(0, version));
        Assert.Equal(1, load.Runs);
    }

    [Fact]
    public async Task An_entry_that_is_there_when_the_lease_is_asked_for_needs_no_load()
    {
        await using var race = await Race.StartAsync(servers, Patient);
        await race.ReadAsync(race.First);

        // As it is for a reader who has found nothing, a moment before.
        var answer = await race.Second.Root.Gateway!.LeaseAsync(Race.Key, default, Cancellation);

        Assert.True(answer.TryGetValue(out var lease));
        Assert.Null(lease.Lease);
        Assert.False(lease.Entry.IsNull);
        Assert.False(await race.Redis.HashExistsAsync(race.Guard, "t"));
    }

    [Fact]
    public async Task A_freed_lease_is_taken_by_who_waits_for_it()
    {
        await using var race = await Race.StartAsync(servers, Patient);
        var refused = await race.HoldAsync(race.First);
        var waiting = new HeldLoad<int>(race.Load());
        waiting.LetReturn();
        var reader = race.Second.Store.GetAsync(Race.Key, waiting.RunAsync, cancellationToken: Cancellation).AsTask();
        await race.SettleAsync();
        await Race.InvalidateKeyAsync(race.Second, await race.CommitAsync(1));

        Assert.Equal(1, await reader);
        Assert.Equal(1, waiting.Runs);
        Assert.Equal((0, "refused_lease_lost"), await refused.EndAsync());
        await race.AssertReadersGetAsync(1);
    }

    [Fact]
    public async Task Who_waits_for_a_holder_that_has_died_loads_in_the_end_and_does_not_store()
    {
        await using var race = await Race.StartAsync(servers, options =>
        {
            options.LeaseWait = TimeSpan.FromMilliseconds(20);
            options.LeaseDuration = options.FenceTtl;
        });
        var dead = await race.First.Root.Gateway!.LeaseAsync(Race.Key, default, Cancellation);
        Assert.True(dead.TryGetValue(out var lease));
        Assert.NotNull(lease.Lease);

        Assert.Equal(0, await race.ReadAsync(race.Second));

        Assert.Null(await race.CachedAsync());
        await race.EndLeaseAsync();
        await race.AssertReadersGetAsync(0);
    }

    // Nobody gives up waiting because the machine is busy.
    private static void Patient(HybridStoreOptions options)
    {
        options.LeaseWait = TimeSpan.FromMinutes(1);
        options.LeaseDuration = options.FenceTtl;
    }

    private static Task<int>[] Readers(StoreHost host, HeldLoad<int> load) =>
        [.. Enumerable.Range(0, Callers).Select(
            _ => host.Store.GetAsync(Race.Key, load.RunAsync, cancellationToken: Cancellation).AsTask())];
}
