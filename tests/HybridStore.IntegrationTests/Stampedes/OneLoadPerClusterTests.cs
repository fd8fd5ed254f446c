using HybridStore.IntegrationTests.Fencing;
using HybridStore.IntegrationTests.Resilience;

namespace HybridStore.IntegrationTests.Stampedes;

/// <summary>A cold key that a whole cluster asks for is loaded once, and once more where the first load comes to nothing.</summary>
public sealed class OneLoadPerClusterTests(ServersFixture servers)
{
    private const int Hosts = 4;
    private const int Callers = 250;
    private const int QueryMilliseconds = 200;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Of_1000_callers_on_4_instances_one_loads()
    {
        await using var cluster = await Cluster.StartAsync(servers, Hosts);
        var load = new HeldLoad<CountedRow>(Cluster.Query(QueryMilliseconds));
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Task<CountedRow>[] readers = [.. Enumerable.Range(0, Hosts).SelectMany(
            host => cluster.Call(host, Callers, load.RunAsync, gate.Task, Cancellation))];

        gate.SetResult();
        await cluster.EverybodyWaitsAsync(Callers, 0, 1, 2, 3);
        load.LetReturn();

        Assert.All(await Task.WhenAll(readers), row => Assert.Equal(new CountedRow(1, 1, "kettle"), row));
        Assert.Equal(Hosts * Callers, readers.Length);
        Assert.Equal(1, await cluster.CountLoadsAsync());
    }

    [Fact]
    public async Task A_load_whose_process_is_not_heard_of_again_is_followed_by_one_other_when_its_lease_ends()
    {
        await using var link = RedisLink.To(servers.Redis);
        await using var cluster = await Cluster.StartAsync(servers, Hosts, (host, options) =>
        {
            options.LeaseDuration = TimeSpan.FromSeconds(2);
            options.RedisConnectionString = host == 0 ? link.ConnectionString : options.RedisConnectionString;
        });
        using var end = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var hanging = new HeldLoad<CountedRow>(Cluster.Query(QueryMilliseconds));
        var dead = cluster.Call(0, Callers, hanging.RunAsync, Task.CompletedTask, end.Token);
        await hanging.HasRead.WaitAsync(Cancellation);
        await cluster.EverybodyWaitsAsync(Callers, 0);
        Task<CountedRow>[] readers = [.. Enumerable.Range(1, Hosts - 1).SelectMany(
            host => cluster.Call(host, Callers, Cluster.Query(QueryMilliseconds), Task.CompletedTask, Cancellation))];

        link.Proxy.Cut();

        Assert.All(await Task.WhenAll(readers), row => Assert.Equal(new CountedRow(2, 1, "kettle"), row));
        Assert.Equal(2, await cluster.CountLoadsAsync());
        Assert.All(dead, reader => Assert.False(reader.IsCompleted));
        await end.CancelAsync();
        foreach (var reader in dead)
        {
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reader);
        }

        await Eventually.HappensAsync(() => cluster.Stores.Any(), "the second load is stored");
        Assert.Equal(["stored"], cluster.Stores);
        Assert.Equal(2, await cluster.CountLoadsAsync());
    }

    [Fact]
    public async Task A_load_that_fails_fails_the_callers_of_its_process_and_is_followed_by_one_other()
    {
        await using var cluster = await Cluster.StartAsync(servers, Hosts);
        var failing = new HeldLoad<CountedRow>(Cluster.Query(QueryMilliseconds));
        var failed = cluster.Call(0, Callers, FailAsync, Task.CompletedTask, Cancellation);
        await failing.HasRead.WaitAsync(Cancellation);
        Task<CountedRow>[] readers = [.. Enumerable.Range(1, Hosts - 1).SelectMany(
            host => cluster.Call(host, Callers, Cluster.Query(QueryMilliseconds), Task.CompletedTask, Cancellation))];
        await cluster.EverybodyWaitsAsync(Callers, 0, 1, 2, 3);

        failing.LetReturn();

        foreach (var reader in failed)
        {
            Assert.Equal("No.", (await Assert.ThrowsAsync<InvalidOperationException>(() => reader)).Message);
        }

        Assert.All(await Task.WhenAll(readers), row => Assert.Equal(new CountedRow(2, 1, "kettle"), row));
        var late = cluster.Call(0, Callers, Cluster.Query(QueryMilliseconds), Task.CompletedTask, Cancellation);
        Assert.All(await Task.WhenAll(late), row => Assert.Equal(2, row.Load));
        Assert.Equal(2, await cluster.CountLoadsAsync());

        async ValueTask<CountedRow> FailAsync(LoadContext context, CancellationToken token)
        {
            await failing.RunAsync(context, token);
            throw new InvalidOperationException("No.");
        }
    }

    [Fact]
    public async Task A_load_goes_on_for_all_others_when_its_first_caller_has_gone()
    {
        await using var cluster = await Cluster.StartAsync(servers, Hosts);
        using var first = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var load = new HeldLoad<CountedRow>(Cluster.Query(QueryMilliseconds));
        var gone = Assert.Single(cluster.Call(0, 1, load.RunAsync, Task.CompletedTask, first.Token));
        await load.HasRead.WaitAsync(Cancellation);
        Task<CountedRow>[] readers = [.. Enumerable.Range(0, Hosts).SelectMany(host => cluster.Call(
            host, host == 0 ? Callers - 1 : Callers, Cluster.Query(QueryMilliseconds), Task.CompletedTask, Cancellation))];
        await cluster.EverybodyWaitsAsync(Callers, 0, 1, 2, 3);

        await first.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => gone);
        load.LetReturn();

        Assert.All(await Task.WhenAll(readers), row => Assert.Equal(new CountedRow(1, 1, "kettle"), row));
        Assert.Equal(1, await cluster.CountLoadsAsync());
    }
}
