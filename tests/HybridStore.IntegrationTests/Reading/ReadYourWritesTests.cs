using HybridStore.Fencing;
using HybridStore.IntegrationTests.Writing;

namespace HybridStore.IntegrationTests.Reading;

/// <summary>Reads that have to reflect a certain write, also where its invalidation has not been applied.</summary>
public sealed class ReadYourWritesTests(OwnServersFixture own) : IClassFixture<OwnServersFixture>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_cached_value_that_reflects_the_write_is_served()
    {
        await own.RestoreAsync(Cancellation);
        await using var accounts = await Accounts.StartAsync(own.Servers);
        var token = (await SetAsync(accounts.Store, 1, 900)).Token;
        await accounts.CacheAsync(1);
        await accounts.Host.ExecuteAsync("update account set balance = 1 where id = 1");

        Assert.Equal(900, await ReadAsync(With(accounts.Store, token), 1));
    }

    [Fact]
    public async Task A_cached_value_that_is_older_than_the_write_is_loaded_again_and_replaced()
    {
        await own.RestoreAsync(Cancellation);
        await using var writer = await Accounts.StartAsync(own.Servers);
        await using var reader = await BesideAsync(writer);
        await writer.CacheAsync(1);
        var token = await WriteWithoutRedisAsync(writer, 1, 900);

        Assert.Equal(100, await ReadAsync(reader.Store, 1));
        Assert.Equal(900, await ReadAsync(With(reader.Store, WriteToken.Parse(token.ToString())), 1));
        Assert.Equal(900, await ReadAsync(reader.Store, 1));
    }

    [Fact]
    public async Task A_load_that_began_before_the_write_is_not_taken_even_if_the_cache_has_taken_it()
    {
        await own.RestoreAsync(Cancellation);
        await using var writer = await Accounts.StartAsync(own.Servers);
        var gate = new StepGate(null);
        await using var reader = await BesideAsync(writer, gate);
        var hasRead = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var goOn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var older = reader.Store.GetAsync(
            Accounts.Key(1),
            async (context, token) =>
            {
                var balance = await context.QuerySingleOrDefaultAsync<int>("select balance from account where id = 1", cancellationToken: token);
                hasRead.SetResult();
                await goOn.Task;
                return balance;
            },
            cancellationToken: Cancellation).AsTask();
        await hasRead.Task.WaitAsync(Cancellation);
        var token = await WriteWithoutRedisAsync(writer, 1, 900);

        var joined = ReadAsync(reader.Store, 1);
        var asking = ReadAsync(With(reader.Store, token), 1);
        await gate.Joined.WaitAsync(Cancellation);
        await gate.Joined.WaitAsync(Cancellation);
        goOn.SetResult();

        Assert.Equal(100, await older);
        Assert.Equal(100, await joined);
        Assert.Equal(900, await asking);
    }

    [Fact]
    public async Task A_value_without_a_snapshot_is_never_taken()
    {
        await own.RestoreAsync(Cancellation);
        await using var accounts = await Accounts.StartAsync(own.Servers);
        var token = (await SetAsync(accounts.Store, 1, 900)).Token;
        for (var i = 1; i <= 2; i++)
        {
            Assert.Equal(
                1,
                await accounts.Store.GetAsync(
                    Accounts.Key(1), (LoadContext _, CancellationToken _) => ValueTask.FromResult(1), cancellationToken: Cancellation));
        }

        Assert.True(await accounts.IsCachedAsync(1));
        Assert.Equal(900, await ReadAsync(With(accounts.Store, token), 1));
    }

    [Fact]
    public async Task The_token_of_a_write_that_wrote_nothing_asks_for_nothing()
    {
        await own.RestoreAsync(Cancellation);
        await using var accounts = await Accounts.StartAsync(own.Servers);
        await accounts.CacheAsync(1);
        var receipt = await accounts.Store.WriteAsync((_, _) => Task.CompletedTask, cancellationToken: Cancellation);
        await accounts.Host.ExecuteAsync("update account set balance = 1 where id = 1");

        Assert.Equal(default, receipt.Token);
        Assert.Equal(100, await ReadAsync(With(accounts.Store, receipt.Token), 1));
    }

    private static IHybridStore With(IHybridStore store, WriteToken token) => store.With(new ReadOptions { AtLeast = token });

    private static async Task<int> ReadAsync(IHybridStore store, int id) => await store.GetAsync<int>(
        Accounts.Key(id), "select balance from account where id = @id", new { id }, cancellationToken: Cancellation);

    private static Task<WriteReceipt> SetAsync(IHybridStore store, int id, int balance) => store.WriteAsync(
        (write, token) => Accounts.SetAsync(write, id, balance, token), cancellationToken: Cancellation);

    /// <summary>Another instance, whose way to Redis nobody disturbs.</summary>
    private Task<StoreHost> BesideAsync(Accounts accounts, StepGate? gate = null) => StoreHost.StartAsync(
        own.Servers,
        options =>
        {
            options.RedisConnectionString = own.Servers.Redis.DirectConnectionString;
            options.Protocol = new ProtocolUnderTest { Gate = gate };
        },
        besides: accounts.Host);

    /// <summary>A write whose invalidation waits.</summary>
    private async Task<WriteToken> WriteWithoutRedisAsync(Accounts accounts, int id, int balance)
    {
        own.Servers.Redis.Proxy.Cut();
        var receipt = await SetAsync(accounts.Store, id, balance);
        Assert.Equal(InvalidationStatus.Pending, receipt.Status);
        return receipt.Token;
    }
}
