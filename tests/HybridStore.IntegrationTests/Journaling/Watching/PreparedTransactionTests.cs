using HybridStore.Servers;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace HybridStore.IntegrationTests.Journaling.Watching;

/// <summary>Where transactions are prepared, on a server that allows it.</summary>
public sealed class PreparedTransactionTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task With_the_doorbell_off_a_watched_change_can_be_prepared_and_is_in_the_journal_once_it_is_committed()
    {
        await using var servers = await TestServers.StartAsync(
            new TestServersOptions { PostgresSettings = new Dictionary<string, string> { ["max_prepared_transactions"] = "5" } }, Cancellation);
        var database = await servers.Postgres.CreateDatabaseAsync(Cancellation);
        await using var dataSource = NpgsqlDataSource.Create(database);
        await RunAsync("create table users (id int)");
        await InstallAsync(ringDoorbell: true);
        await RunAsync("select setval('hybridstore.bell', (extract(epoch from clock_timestamp()) * 1000000)::bigint)");
        var refusal = await Assert.ThrowsAsync<PostgresException>(() => RunAsync("begin; insert into users values (1); prepare transaction 'a'"));
        Assert.Contains("NOTIFY", refusal.MessageText, StringComparison.Ordinal);

        await InstallAsync(ringDoorbell: false);
        await RunAsync("begin; insert into users values (1); prepare transaction 'a'");
        Assert.Equal(0L, await CountAsync());
        await RunAsync("commit prepared 'a'");
        Assert.Equal(1L, await CountAsync());

        async Task InstallAsync(bool ringDoorbell)
        {
            var services = new ServiceCollection();
            services.AddHybridStore(options =>
            {
                options.Mode = HybridStoreMode.PassThrough;
                options.PostgresConnectionString = database;
                options.Journal.RingDoorbell = ringDoorbell;
            }).Watch("users", table => table.Key("user:{id}"));
            await using var application = services.BuildServiceProvider();
            await application.GetRequiredService<HybridStoreSchema>().InstallAsync(Cancellation);
        }

        async Task RunAsync(string sql)
        {
            await using var command = dataSource.CreateCommand(sql);
            await command.ExecuteNonQueryAsync(Cancellation);
        }

        async Task<long> CountAsync()
        {
            await using var command = dataSource.CreateCommand("select count(*) from hybridstore.journal where keys = '{user:1}'");
            return (long)(await command.ExecuteScalarAsync(Cancellation))!;
        }
    }
}
