using HybridStore.Fencing;
using HybridStore.IntegrationTests.Writing;

namespace HybridStore.IntegrationTests.Standbys;

/// <summary>What a load saw, and where.</summary>
/// <param name="Balance">The balance.</param>
/// <param name="OnStandby">Whether it was read on the standby.</param>
public sealed record Seen(int Balance, bool OnStandby);

/// <summary>A store whose loads may read a standby, and an application that counts what they do.</summary>
internal sealed class StandbyReads : IAsyncDisposable
{
    private int _runs;

    private StandbyReads(StoreHost host) => Host = host;

    public StoreHost Host { get; }

    /// <summary>How often the load was run since this was asked last.</summary>
    public int TakeRuns() => Interlocked.Exchange(ref _runs, 0);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>Starts a store with rows that the standby has, in a partition whose invalidations are known.</summary>
    public static async Task<StandbyReads> StartAsync(
        StandbyFixture fixture, StepGate? gate = null, Action<HybridStoreOptions>? configure = null)
    {
        await fixture.RestoreAsync(Cancellation);
        var reads = new StandbyReads(await StoreHost.StartAsync(fixture, options =>
        {
            options.StandbyConnectionString = fixture.Pair.OnStandby(options.PostgresConnectionString!);
            options.Protocol = gate is null ? null : new ProtocolUnderTest { Gate = gate };
            configure?.Invoke(options);
        }));
        await reads.Host.ExecuteAsync("create table account (id int primary key, balance int not null)");
        await reads.Host.ExecuteAsync("insert into account select id, 100 from generate_series(1, 16) id");

        // The first load of all reads the primary, and tells what a standby has to show.
        await using var first = await StoreHost.StartAsync(fixture, besides: reads.Host);
        await first.Store.GetAsync<int>("first", "select 1", cancellationToken: Cancellation);
        await first.SettleAsync();
        await fixture.Pair.CatchUpAsync(Cancellation);
        return reads;
    }

    public Task<Seen> ReadAsync(int id, EntryOptions? options = null) => ReadAsync(Host.Store, id, options);

    public async Task<Seen> ReadAsync(IHybridStore store, int id, EntryOptions? options = null) => await store.GetAsync<Seen>(
        Accounts.Key(id),
        async (context, token) =>
        {
            Interlocked.Increment(ref _runs);
            context.AddTag(Accounts.Tag);
            return (await context.QuerySingleOrDefaultAsync<Seen>(
                "select balance, pg_is_in_recovery() as onstandby from account where id = @id", new { id }, token))!;
        },
        options,
        cancellationToken: Cancellation);

    /// <summary>Writes and invalidates, the key or the tag.</summary>
    public static async Task<WriteReceipt> WriteAsync(StoreHost host, int id, int balance, bool byTag = false)
    {
        var receipt = await host.Store.WriteAsync(
            async (write, token) =>
            {
                await write.ExecuteAsync("update account set balance = @balance where id = @id", new { id, balance }, token);
                if (byTag)
                {
                    write.InvalidateTag(Accounts.Tag);
                }
                else
                {
                    write.Invalidate(Accounts.Key(id));
                }
            },
            cancellationToken: Cancellation);
        Assert.Equal(InvalidationStatus.Applied, receipt.Status);
        return receipt;
    }

    public ValueTask DisposeAsync() => Host.DisposeAsync();
}
