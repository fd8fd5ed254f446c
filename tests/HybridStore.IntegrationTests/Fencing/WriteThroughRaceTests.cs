using HybridStore.Fencing;
using HybridStore.IntegrationTests.Writing;

namespace HybridStore.IntegrationTests.Fencing;

/// <summary>Two writes of one row that both store it, and the cache updates land the other way round than the commits: the cache has the
/// value of the later commit, or none. In every order, on different rows: Exploring.WriteThroughTests.</summary>
public sealed class WriteThroughRaceTests(ServersFixture servers)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_later_commit_is_stored_first_while_the_first_one_holds_the_lease_and_none_remains()
    {
        var gate = new StepGate(ProtocolStep.Detach);
        await using var first = await StartAsync(gate);
        await using var second = await StoreHost.StartAsync(servers, besides: first.Host);

        var writing = first.SetThroughAsync(1, 200);
        await gate.Reached.WaitAsync(Cancellation);
        await SetThroughAsync(second, 300);
        Assert.False(await first.IsCachedAsync(1));
        gate.Open();
        await writing;

        await first.SettleAsync();
        Assert.False(await first.IsCachedAsync(1));
        Assert.Equal(300, await first.ReadAsync(1));
    }

    [Theory]
    [InlineData(nameof(ProtocolStep.Detach))]
    [InlineData(nameof(ProtocolStep.Store))]
    public async Task The_later_commit_is_stored_first_under_a_lease_that_had_ended_and_it_remains(string heldBefore)
    {
        var gate = new StepGate(Enum.Parse<ProtocolStep>(heldBefore));
        await using var first = await StartAsync(gate);
        await using var second = await StoreHost.StartAsync(servers, besides: first.Host);

        var writing = first.SetThroughAsync(1, 200);
        await gate.Reached.WaitAsync(Cancellation);
        var guard = (string)first.Host.Root.Redis!.Session!.Layout.Guard(0, Accounts.Key(1))!;
        await first.Host.RedisAsync("HSET", guard, "e", "1");
        await SetThroughAsync(second, 300);
        Assert.True(await first.IsCachedAsync(1));
        gate.Open();
        await writing;

        await first.SettleAsync();
        Assert.True(await first.IsCachedAsync(1));
        Assert.Equal(300, await first.ReadAsync(1));
    }

    [Fact]
    public async Task The_first_commit_is_stored_last_and_its_value_is_refused()
    {
        var gate = new StepGate(ProtocolStep.Store);
        await using var first = await StartAsync(gate);
        await using var second = await StoreHost.StartAsync(servers, besides: first.Host);

        var writing = first.SetThroughAsync(1, 200);
        await gate.Reached.WaitAsync(Cancellation);
        await SetThroughAsync(second, 300);
        gate.Open();
        await writing;

        await first.SettleAsync();
        Assert.False(await first.IsCachedAsync(1));
        Assert.Equal(300, await first.ReadAsync(1));
    }

    [Fact]
    public async Task A_value_that_is_made_of_an_older_cached_one_goes_with_the_invalidation_that_the_older_one_is_waiting_for()
    {
        await using var accounts = await StartAsync(new StepGate(null));
        await accounts.CacheAsync(2);
        await using var change = await OpenWrite.BeginAsync(accounts.Host.DataSource, "update account set balance = 700 where id = 2");
        await change.CommitAsync();

        // The snapshot of this write sees the change; what it reads through the store does not.
        await accounts.Store.WriteAsync(
            async (write, token) =>
            {
                var sum = await accounts.ReadAsync(2) + await write.ExecuteScalarAsync<int>(
                    "update account set balance = 1 where id = 1 returning balance", cancellationToken: token);
                Assert.Equal(101, sum);
                write.Set(Accounts.Key(1), sum);
            },
            new WriteOptions { WriteThrough = [Accounts.Key(1)] },
            Cancellation);
        await accounts.SettleAsync();
        Assert.True(await accounts.IsCachedAsync(1));
        await accounts.Store.ApplyAsync([Accounts.Key(1), Accounts.Key(2)], [], change.Xid, Cancellation);

        Assert.False(await accounts.IsCachedAsync(1), "A value that does not reflect the change was kept.");
        Assert.Equal(700, await accounts.ReadAsync(2));
    }

    private static async Task SetThroughAsync(StoreHost host, int balance)
    {
        await host.Store.WriteAsync(
            async (write, token) => write.Set(Accounts.Key(1), await write.ExecuteScalarAsync<int>(
                "update account set balance = @balance where id = 1 returning balance", new { balance }, token)),
            new WriteOptions { WriteThrough = [Accounts.Key(1)] },
            Cancellation);
        await host.SettleAsync();
    }

    private Task<Accounts> StartAsync(StepGate gate) =>
        Accounts.StartAsync(servers, options => options.Protocol = new ProtocolUnderTest { Gate = gate });
}
