using HybridStore.IntegrationTests.Resilience;

namespace HybridStore.IntegrationTests.Journaling.Listening;

/// <summary>What is old and applied everywhere leaves the journal.</summary>
public sealed class PurgeTests(ServersFixture servers)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Old_rows_that_are_applied_go_and_what_is_younger_stays()
    {
        await using var journal = await JournalHost.StartAsync(servers, options => options.Journal.Retention = TimeSpan.FromMinutes(1));
        await journal.ExecuteAsync("update item set value = 1 where id = 1");
        await journal.SettleAsync();
        await journal.ExecuteAsync("update hybridstore.journal set written_at = written_at - interval '2 minutes'");
        await journal.ExecuteAsync("update item set value = 1 where id = 2");

        await Eventually.HappensAsync(
            async () => await ScalarAsync<string>(journal, "select string_agg(array_to_string(keys, ','), ';') from hybridstore.journal") == "item:2",
            "the old row is gone");
        Assert.True(await ScalarAsync<bool>(
            journal, "select purged_below > '0' and purged_below <= (select min(xid::text::bigint)::text::xid8 from hybridstore.journal) from hybridstore.state"));
    }

    [Fact]
    public async Task What_came_behind_a_transaction_that_is_still_open_stays()
    {
        await using var journal = await JournalHost.StartAsync(servers, options => options.Journal.Retention = TimeSpan.FromMinutes(1));
        await journal.ExecuteAsync("update item set value = 1 where id = 1");
        await using var connection = await journal.Host.DataSource.OpenConnectionAsync(Cancellation);
        await using var transaction = await connection.BeginTransactionAsync(Cancellation);
        await using (var command = new Npgsql.NpgsqlCommand("update item set value = 1 where id = 3", connection, transaction))
        {
            await command.ExecuteNonQueryAsync(Cancellation);
        }

        await journal.ExecuteAsync("update item set value = 1 where id = 2");
        await journal.ExecuteAsync("update hybridstore.journal set written_at = written_at - interval '2 minutes'");

        Task<string> KeysAsync() => ScalarAsync<string>(
            journal, "select string_agg(array_to_string(keys, ','), ';' order by keys) from hybridstore.journal");
        await Eventually.HappensAsync(async () => !(await KeysAsync()).Contains("item:1", StringComparison.Ordinal), "the first row is gone");
        Assert.Equal("item:2", await KeysAsync());
        await transaction.CommitAsync(Cancellation);
        await Eventually.HappensAsync(async () => await KeysAsync() == "item:3", "the row behind it is gone");
    }

    private static async Task<T> ScalarAsync<T>(JournalHost journal, string sql)
    {
        await using var command = journal.Host.DataSource.CreateCommand(sql);
        return (T)(await command.ExecuteScalarAsync(Cancellation))!;
    }
}
