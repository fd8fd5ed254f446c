namespace HybridStore.Conformance;

/// <summary>Transactions of the application's own.</summary>
public abstract class EnlistContract(IStoreBackend backend) : StoreContract(backend)
{
    [Fact]
    public async Task Its_commit_invalidates_what_was_named()
    {
        await using var test = await StartWithRowsAsync();
        await Rows.ReadAsync(test.Store, 1);
        await using var connection = await test.Database.OpenConnectionAsync(Cancellation);
        await using var transaction = await connection.BeginTransactionAsync(Cancellation);
        var write = test.Store.Enlist(transaction);
        await Rows.SetAsync(write, 1, "new", Cancellation);
        Assert.Equal("first", await Rows.ReadAsync(test.Store, 1));

        var receipt = await write.CommitAsync(Cancellation);

        Assert.NotNull(receipt.TransactionId);
        Assert.Equal(InvalidationStatus.Applied, receipt.Status);
        Assert.Equal("new", await Rows.ReadAsync(test.Store, 1));
    }

    [Fact]
    public async Task Rolled_back_it_invalidates_nothing()
    {
        await using var test = await StartWithRowsAsync();
        await Rows.ReadAsync(test.Store, 1);
        await using var connection = await test.Database.OpenConnectionAsync(Cancellation);
        await using (var transaction = await connection.BeginTransactionAsync(Cancellation))
        {
            await Rows.SetAsync(test.Store.Enlist(transaction), 1, "lost", Cancellation);
        }

        await Rows.ExecuteAsync(test, "update item set name = 'behind' where id = 1");
        Assert.Equal("first", await Rows.ReadAsync(test.Store, 1));
    }

    [Fact]
    public async Task Writes_join_it_until_it_has_ended()
    {
        await using var test = await StartWithRowsAsync();
        await using var connection = await test.Database.OpenConnectionAsync(Cancellation);
        await using var transaction = await connection.BeginTransactionAsync(Cancellation);
        var write = test.Store.Enlist(transaction);

        var joined = await Rows.SetAsync(test.Store, 1, "joined");
        Assert.Equal("first", await Rows.NameAsync(test, 1));
        var receipt = await write.CommitAsync(Cancellation);
        var after = await Rows.SetAsync(test.Store, 2, "after");

        Assert.Equal(receipt.TransactionId, joined.TransactionId);
        Assert.NotEqual(receipt.TransactionId, after.TransactionId);
        Assert.Equal(("joined", "after"), (await Rows.NameAsync(test, 1), await Rows.NameAsync(test, 2)));
    }

    [Fact]
    public async Task It_is_committed_once()
    {
        await using var test = await StartWithRowsAsync();
        await using var connection = await test.Database.OpenConnectionAsync(Cancellation);
        await using var transaction = await connection.BeginTransactionAsync(Cancellation);
        var write = test.Store.Enlist(transaction);
        await write.CommitAsync(Cancellation);

        await Assert.ThrowsAsync<InvalidOperationException>(() => write.CommitAsync(Cancellation));
        Assert.Throws<InvalidOperationException>(() => write.Invalidate("item:1"));
        Assert.Throws<ArgumentException>("transaction", () => test.Store.Enlist(transaction));
    }

    [Fact]
    public async Task A_commit_that_is_cancelled_beforehand_can_be_made_later()
    {
        await using var test = await StartWithRowsAsync();
        await using var connection = await test.Database.OpenConnectionAsync(Cancellation);
        await using var transaction = await connection.BeginTransactionAsync(Cancellation);
        var write = test.Store.Enlist(transaction);
        await Rows.SetAsync(write, 1, "new", Cancellation);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => write.CommitAsync(new CancellationToken(canceled: true)));
        Assert.Equal("first", await Rows.NameAsync(test, 1));
        await write.CommitAsync(Cancellation);

        Assert.Equal("new", await Rows.NameAsync(test, 1));
    }

    private async Task<IStoreUnderTest> StartWithRowsAsync()
    {
        var test = await StartAsync();
        await Rows.CreateAsync(test);
        return test;
    }
}
