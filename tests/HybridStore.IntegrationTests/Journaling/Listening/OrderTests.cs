using HybridStore.Fencing;
using HybridStore.IntegrationTests.Resilience;

namespace HybridStore.IntegrationTests.Journaling.Listening;

/// <summary>Ids are not committed in their order, and the journal is not read in it.</summary>
public sealed class OrderTests(ServersFixture servers)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_transaction_that_stays_open_delays_nobody_and_is_not_skipped_when_it_commits()
    {
        await using var journal = await JournalHost.StartAsync(servers);
        await journal.ReadAsync(1);
        await journal.ReadAsync(2);
        await using var connection = await journal.Host.DataSource.OpenConnectionAsync(Cancellation);
        await using var transaction = await connection.BeginTransactionAsync(Cancellation);
        await using (var early = new Npgsql.NpgsqlCommand("update item set value = 1 where id = 1", connection, transaction))
        {
            await early.ExecuteNonQueryAsync(Cancellation);
        }

        for (var value = 1; value <= 20; value++)
        {
            await journal.ExecuteAsync($"update item set value = {value} where id = 2");
            await Eventually.HappensAsync(async () => await journal.ReadAsync(2) == value, "the later id is applied");
        }

        Assert.Equal(0, await journal.ReadAsync(1));
        await transaction.CommitAsync(Cancellation);
        await journal.SettleAsync();
        Assert.Equal(1, await journal.ReadAsync(1));
    }

    [Fact]
    public async Task What_is_rolled_back_invalidates_nothing()
    {
        await using var journal = await JournalHost.StartAsync(servers);
        await journal.ReadAsync(1);
        await using (var connection = await journal.Host.DataSource.OpenConnectionAsync(Cancellation))
        await using (var transaction = await connection.BeginTransactionAsync(Cancellation))
        {
            await using var command = new Npgsql.NpgsqlCommand("update item set value = 1 where id = 1", connection, transaction);
            await command.ExecuteNonQueryAsync(Cancellation);
            await transaction.RollbackAsync(Cancellation);
        }

        await journal.SettleAsync();
        Assert.Equal(0, await journal.ReadAsync(1));
        Assert.Equal(1, journal.Loads);
    }

    [Fact]
    public async Task An_entry_that_reflects_a_change_already_is_left_alone()
    {
        var barrier = new Barrier();
        await using var journal = await JournalHost.StartAsync(servers, options => options.Protocol = barrier.Protocol);
        var reached = barrier.Close(ProtocolStep.ApplyJournal);
        await journal.ExecuteAsync("update item set value = 1 where id = 1");
        await reached;
        Assert.Equal(1, await journal.ReadAsync(1));
        barrier.Open(ProtocolStep.ApplyJournal);
        await journal.SettleAsync();

        Assert.Equal(1, await journal.ReadAsync(1));
        Assert.Equal(1, journal.Loads);
    }
}
