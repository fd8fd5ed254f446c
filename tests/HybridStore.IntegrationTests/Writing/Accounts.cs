using System.Data;
using HybridStore.Servers;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace HybridStore.IntegrationTests.Writing;

/// <summary>What the tests of writes work on: a table of accounts, each cached under a key of its own and the tag
/// <see cref="Tag"/>.</summary>
internal sealed class Accounts : IAsyncDisposable
{
    public const string Tag = "accounts";

    private Accounts(StoreHost host) => Host = host;

    public StoreHost Host { get; }

    public IHybridStore Store => Host.Store;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static Task<Accounts> StartAsync(
        TestServers servers,
        Action<HybridStoreOptions>? configure = null,
        Action<IServiceCollection, IHybridStoreBuilder>? register = null,
        bool waitForRedis = true) =>
        StartAsync(new SingleServers(servers), configure, register, waitForRedis);

    public static async Task<Accounts> StartAsync(
        IStoreServers servers,
        Action<HybridStoreOptions>? configure = null,
        Action<IServiceCollection, IHybridStoreBuilder>? register = null,
        bool waitForRedis = true)
    {
        var accounts = new Accounts(await StoreHost.StartAsync(servers, configure, register, waitForRedis: waitForRedis));
        await accounts.Host.ExecuteAsync("create table account (id int primary key, balance int not null)");
        await accounts.Host.ExecuteAsync("insert into account select id, 100 from generate_series(1, 16) id");
        return accounts;
    }

    public static string Key(int id) => $"account:{id}";

    /// <summary>The balance as the cache has it, or else PostgreSQL.</summary>
    public async Task<int> ReadAsync(int id) => await Store.GetAsync(
        Key(id),
        id,
        static async (id, context, token) =>
        {
            context.AddTag(Tag);
            return await context.QuerySingleOrDefaultAsync<int>("select balance from account where id = @id", new { id }, token);
        },
        cancellationToken: Cancellation);

    /// <summary>Reads the accounts into the cache.</summary>
    public async Task CacheAsync(params int[] ids)
    {
        foreach (var id in ids)
        {
            // An entry is stored behind the first read; the second one is answered behind that.
            await ReadAsync(id);
            await ReadAsync(id);
            Assert.True(await IsCachedAsync(id));
        }
    }

    /// <summary>The balance as PostgreSQL has it.</summary>
    public async Task<int> BalanceAsync(int id)
    {
        await using var command = Host.DataSource.CreateCommand("select balance from account where id = $1");
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = id });
        return (int)(await command.ExecuteScalarAsync(Cancellation))!;
    }

    /// <summary>Whether Redis holds an entry for the account.</summary>
    public async Task<bool> IsCachedAsync(int id) =>
        (bool)await Host.RedisAsync("EXISTS", (string)Host.EntryName(Key(id))!);

    /// <summary>Sets a balance and names the key.</summary>
    public static async Task SetAsync(WriteContext write, int id, int balance, CancellationToken token)
    {
        write.Invalidate(Key(id));
        await write.ExecuteAsync("update account set balance = @balance where id = @id", new { id, balance }, token);
    }

    /// <summary>Sets a balance and stores it under its key.</summary>
    /// <param name="id">The account.</param>
    /// <param name="balance">Its balance.</param>
    /// <param name="strict">Whether the write is strict.</param>
    /// <param name="isolationLevel">That of the transaction.</param>
    /// <param name="then">What the callback does at its end.</param>
    public Task<WriteReceipt> SetThroughAsync(
        int id,
        int balance,
        bool strict = false,
        IsolationLevel isolationLevel = IsolationLevel.Unspecified,
        Action? then = null) => Store.WriteAsync(
        async (write, token) =>
        {
            var set = await write.ExecuteScalarAsync<int>(
                "update account set balance = @balance where id = @id returning balance", new { id, balance }, token);
            write.Set(Key(id), set, tags: [Tag]);
            then?.Invoke();
        },
        new WriteOptions { WriteThrough = [Key(id)], Strict = strict, IsolationLevel = isolationLevel },
        Cancellation);

    /// <summary>Returns when Redis has done what this instance has sent.</summary>
    public Task SettleAsync() => Host.SettleAsync();

    public ValueTask DisposeAsync() => Host.DisposeAsync();
}
