using HybridStore.Fencing;

namespace HybridStore.IntegrationTests.Journaling.Bounds;

/// <summary>Writes whose invalidation the journal names.</summary>
public sealed class DurableWriteTests(ServersFixture servers)
{
    private static readonly WriteOptions Durable = new() { Durability = InvalidationDurability.Journal };

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_invalidation_survives_the_process_that_was_to_make_it()
    {
        await using var journal = await JournalHost.StartAsync(servers);
        await CacheNameAsync(journal, "old");
        var barrier = new Barrier();
        await using var writer = await JournalHost.StartAsync(
            servers, options => options.Protocol = barrier.Protocol, besides: journal, isListening: false);
        var reached = barrier.Close(ProtocolStep.Detach);
        var writing = WriteNameAsync(writer, Durable);
        await reached;

        // Committed, and nothing said to Redis by the one who wrote it.
        await journal.SettleAsync();
        Assert.Equal("new", await CacheNameAsync(journal, "new"));
        barrier.Open(ProtocolStep.Detach);
        await writing;
    }

    [Fact]
    public async Task Its_receipt_says_so_and_its_token_is_met_by_a_mark_where_there_is_no_stamp()
    {
        await using var journal = await JournalHost.StartAsync(servers);
        var receipt = await WriteNameAsync(journal, Durable);
        Assert.True(receipt.IsDurable);
        Assert.True(WriteToken.Parse(receipt.Token.ToString()).IsJournaled);

        // A load that never touches PostgreSQL has no stamp.
        var reader = journal.Store.With(new ReadOptions { AtLeast = receipt.Token });
        await journal.SettleAsync();
        await CacheNameAsync(journal, "unstamped");
        Assert.Equal("unstamped", await CacheNameAsync(reader, "again"));
    }

    [Fact]
    public async Task The_token_of_a_write_that_is_not_durable_is_not_met_by_a_mark()
    {
        await using var journal = await JournalHost.StartAsync(servers);
        var receipt = await WriteNameAsync(journal, WriteOptions.Default);
        Assert.False(receipt.IsDurable);

        await journal.SettleAsync();
        await CacheNameAsync(journal, "unstamped");
        Assert.Equal("again", await CacheNameAsync(journal.Store.With(new ReadOptions { AtLeast = receipt.Token }), "again"));
    }

    [Fact]
    public async Task What_is_rolled_back_is_not_in_the_journal()
    {
        await using var journal = await JournalHost.StartAsync(servers);
        await Assert.ThrowsAsync<InvalidOperationException>(() => journal.Store.WriteAsync(
            (write, _) =>
            {
                write.Invalidate("name");
                throw new InvalidOperationException("No.");
            },
            Durable,
            Cancellation));
        Assert.Equal(0, await RowsAsync(journal));
    }

    [Fact]
    public async Task A_joined_write_makes_the_whole_durable_and_an_enlisted_one_can_be()
    {
        await using var journal = await JournalHost.StartAsync(servers);
        var whole = await journal.Store.WriteAsync(
            async (_, _) => await WriteNameAsync(journal, Durable), cancellationToken: Cancellation);
        Assert.True(whole.IsDurable);

        await using var connection = await journal.Host.DataSource.OpenConnectionAsync(Cancellation);
        await using var transaction = await connection.BeginTransactionAsync(Cancellation);
        var write = journal.Store.Enlist(transaction, Durable);
        write.Invalidate("name");
        Assert.True((await write.CommitAsync(Cancellation)).IsDurable);
        Assert.Equal(2, await RowsAsync(journal));
    }

    [Fact]
    public async Task All_writes_of_a_store_can_be_durable()
    {
        await using var journal = await JournalHost.StartAsync(servers, options => options.Journal.DurableWrites = true);
        Assert.True((await WriteNameAsync(journal, WriteOptions.Default)).IsDurable);
        Assert.False((await WriteNameAsync(journal, new WriteOptions { Durability = InvalidationDurability.Process })).IsDurable);
    }

    [Fact]
    public async Task A_strict_write_can_be_durable_too()
    {
        await using var journal = await JournalHost.StartAsync(servers);
        var receipt = await WriteNameAsync(journal, Durable with { Strict = true });
        Assert.True(receipt is { IsDurable: true, IsStrict: true });
    }

    [Fact]
    public async Task Without_a_journal_no_write_is_durable()
    {
        await using var host = await StoreHost.StartAsync(servers);
        var error = await Assert.ThrowsAsync<InvalidOperationException>(
            () => host.Store.WriteAsync((_, _) => Task.CompletedTask, Durable, Cancellation));
        Assert.Contains("Journal.Enabled", error.Message, StringComparison.Ordinal);
    }

    private static ValueTask<string> CacheNameAsync(JournalHost journal, string loaded) => CacheNameAsync(journal.Store, loaded);

    private static ValueTask<string> CacheNameAsync(IHybridStore store, string loaded) =>
        store.GetAsync("name", (_, _) => new ValueTask<string>(loaded), cancellationToken: Cancellation);

    private static Task<WriteReceipt> WriteNameAsync(JournalHost journal, WriteOptions options) =>
        journal.Store.WriteAsync(
            async (write, token) =>
            {
                await write.ExecuteAsync("create table if not exists name (name text)", cancellationToken: token);
                write.Invalidate("name");
            },
            options,
            Cancellation);

    private static async Task<long> RowsAsync(JournalHost journal)
    {
        await using var command = journal.Host.DataSource.CreateCommand("select count(*) from hybridstore.journal where 'name' = any (keys)");
        return (long)(await command.ExecuteScalarAsync(Cancellation))!;
    }
}
