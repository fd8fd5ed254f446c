namespace HybridStore.Tests.Writing;

public class WriteContextTests
{
    [Fact]
    public async Task A_context_can_be_made_over_a_transaction_of_ones_own_and_tells_what_was_named()
    {
        await using var stub = await TransactionStub.BeginAsync();
        var context = new WriteContext(stub.Transaction);

        context.Invalidate("user:1");
        context.Invalidate("user:1");
        context.Invalidate("user:2");
        context.InvalidateTag("org:7");
        context.InvalidateTag("org:7");

        Assert.Same(stub.Transaction, context.Transaction);
        Assert.Same(stub.Transaction.Connection, context.Connection);
        Assert.Equal(["user:1", "user:2"], context.InvalidatedKeys.Order());
        Assert.Equal(["org:7"], context.InvalidatedTags);
    }

    [Theory]
    [InlineData("")]
    [InlineData("a\nb")]
    [InlineData(null)]
    public async Task A_malformed_name_is_refused_and_nothing_is_named(string? name)
    {
        await using var stub = await TransactionStub.BeginAsync();
        var context = new WriteContext(stub.Transaction);

        Assert.Equal("key", Assert.ThrowsAny<ArgumentException>(() => context.Invalidate(name!)).ParamName);
        Assert.Equal("tag", Assert.ThrowsAny<ArgumentException>(() => context.InvalidateTag(name!)).ParamName);

        Assert.Empty(context.InvalidatedKeys);
        Assert.Empty(context.InvalidatedTags);
    }

    [Fact]
    public async Task What_is_set_in_a_context_of_ones_own_is_named()
    {
        await using var stub = await TransactionStub.BeginAsync();
        var context = new WriteContext(stub.Transaction);

        context.Set("user:1", 7, tags: ["org:7"]);

        Assert.Equal(["user:1"], context.InvalidatedKeys);
        Assert.Empty(context.InvalidatedTags);
    }

    [Fact]
    public async Task A_malformed_key_or_tag_of_what_is_set_is_refused_and_nothing_is_named()
    {
        await using var stub = await TransactionStub.BeginAsync();
        var context = new WriteContext(stub.Transaction);

        Assert.Equal("key", Assert.ThrowsAny<ArgumentException>(() => context.Set("", 7)).ParamName);
        Assert.Equal("tags[1]", Assert.ThrowsAny<ArgumentException>(() => context.Set("user:1", 7, tags: ["org:7", ""])).ParamName);

        Assert.Empty(context.InvalidatedKeys);
    }

    [Fact]
    public async Task What_is_named_after_the_write_has_finished_is_refused_with_the_remedy()
    {
        await using var stub = await TransactionStub.BeginAsync();
        var context = new WriteContext(stub.Transaction);
        context.Invalidate("user:1");

        var invalidation = context.Complete();

        Assert.Equal(["user:1"], invalidation.Keys);
        Assert.Empty(invalidation.Tags);
        var thrown = Assert.Throws<InvalidOperationException>(() => context.Invalidate("user:2"));
        Assert.Contains("use InvalidateAsync", thrown.Message, StringComparison.Ordinal);
        Assert.Throws<InvalidOperationException>(() => context.InvalidateTag("org:7"));
        Assert.Equal(["user:1"], context.InvalidatedKeys);
    }

    [Fact]
    public async Task A_token_in_the_place_of_the_parameters_is_refused_before_anything_is_sent()
    {
        await using var stub = await TransactionStub.BeginAsync();
        var context = new WriteContext(stub.Transaction);

        object misplaced = TestContext.Current.CancellationToken;
        var thrown = await Assert.ThrowsAsync<ArgumentException>(
            "parameters", () => context.ExecuteAsync("delete from users", misplaced, TestContext.Current.CancellationToken));

        Assert.Contains("cancellationToken: ...", thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_statement_without_text_is_refused()
    {
        await using var stub = await TransactionStub.BeginAsync();
        var context = new WriteContext(stub.Transaction);
        var cancellation = TestContext.Current.CancellationToken;

        await Assert.ThrowsAsync<ArgumentException>("sql", () => context.ExecuteAsync(" ", cancellationToken: cancellation));
        await Assert.ThrowsAsync<ArgumentNullException>(
            "sql", () => context.QueryAsync<int>(null!, cancellationToken: cancellation));
        await Assert.ThrowsAsync<ArgumentException>(
            "sql", () => context.QuerySingleOrDefaultAsync<int>("", cancellationToken: cancellation));
        await Assert.ThrowsAsync<ArgumentException>("sql", () => context.ExecuteScalarAsync<int>("", cancellationToken: cancellation));
    }

    [Fact]
    public async Task A_transaction_that_is_over_is_refused_and_so_is_none()
    {
        var stub = await TransactionStub.BeginAsync();
        await stub.DisposeAsync();

        var thrown = Record.Exception(() => new WriteContext(stub.Transaction));

        Assert.True(
            thrown is ArgumentException { ParamName: "transaction" } && thrown.Message.Contains("begin a new one", StringComparison.Ordinal),
            thrown?.ToString());
        Assert.Throws<ArgumentNullException>("transaction", () => new WriteContext(null!));
    }
}
