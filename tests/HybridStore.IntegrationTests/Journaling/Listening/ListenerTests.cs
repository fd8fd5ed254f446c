namespace HybridStore.IntegrationTests.Journaling.Listening;

/// <summary>Changes that no application has made reach the cache.</summary>
public sealed class ListenerTests(ServersFixture servers)
{
    [Fact]
    public async Task A_change_from_anywhere_reaches_the_cache()
    {
        await using var journal = await JournalHost.StartAsync(servers);
        Assert.Equal(0, await journal.ReadAsync(1));
        await journal.ExecuteAsync("update item set value = 1 where id = 1");
        await journal.SettleAsync();

        Assert.Equal(1, await journal.ReadAsync(1));
        Assert.Equal(1, await journal.ReadAsync(1));
        Assert.Equal(2, journal.Loads);
    }

    [Fact]
    public async Task A_row_that_moves_between_tags_takes_both_along()
    {
        await using var journal = await JournalHost.StartAsync(servers);
        await journal.ReadAsync(1);
        await journal.ReadAsync(2);
        await journal.ReadAsync(11);
        await journal.ExecuteAsync("update item set value = 7");
        await journal.SettleAsync();
        Assert.Equal(7, await journal.ReadAsync(1));
        Assert.Equal(7, await journal.ReadAsync(2));
        Assert.Equal(7, await journal.ReadAsync(11));
    }

    [Fact]
    public async Task Truncating_a_table_empties_the_cache()
    {
        await using var journal = await JournalHost.StartAsync(servers);
        await journal.ReadAsync(1);
        await journal.SettleAsync();
        var before = journal.Host.Generation.Number;
        await journal.ExecuteAsync("truncate item");
        await journal.SettleAsync();
        await journal.ReadAsync(1);
        Assert.True(journal.Host.Generation.Number > before);
        Assert.Equal(2, journal.Loads);
    }

    [Fact]
    public async Task A_store_can_be_disposed_at_any_moment()
    {
        await using var journal = await JournalHost.StartAsync(servers, isListening: false);
        for (var i = 0; i < 8; i++)
        {
            var other = await JournalHost.StartAsync(
                servers, options => options.Journal.MarkInterval = TimeSpan.FromSeconds(10), besides: journal);
            if (i % 4 > 0)
            {
                await other.LeadsAsync();
            }

            if (i % 4 > 1)
            {
                await other.SettleAsync();
            }

            await other.DisposeAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        }
    }
}
