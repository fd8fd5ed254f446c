using Dapper;
using Npgsql;

namespace HybridStore.Testing.Tests.Statements;

/// <summary>Statements where there is no database.</summary>
public sealed class ArrangedAnswerTests
{
    private readonly InMemoryHybridStore _store = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_repository_reads_what_the_test_has_arranged_and_the_statement_is_recorded()
    {
        _store.Answer("FROM product where", new Product(42, "Kettle", 40));
        var products = new ProductRepository(_store);

        Assert.Equal("Kettle", (await products.FindAsync(42, Cancellation))?.Name);
        Assert.Equal("Kettle", (await products.FindAsync(42, Cancellation))?.Name);

        var statement = Assert.Single(_store.Statements);
        Assert.Equal("select id, name, price from product where id = @id", statement.ToString());
        Assert.Equal(42, statement.Parameter<int>("ID"));
        Assert.False(statement.IsOfWrite);
    }

    [Fact]
    public async Task A_repository_writes_and_names_what_the_answers_tell_it()
    {
        _store.Answer("update product", 1, 2);
        _store.Answer("insert into audit", 5);

        Assert.Equal(5, await new ProductRepository(_store).DiscountAsync(7, Cancellation));

        _store.ShouldHaveInvalidatedTag("category:7");
        _store.ShouldHaveInvalidated("product:1");
        _store.ShouldHaveInvalidated("product:2");
        Assert.All(_store.Statements, statement => Assert.True(statement.IsOfWrite));
        Assert.NotNull(Assert.Single(_store.Invalidations).TransactionId);
    }

    [Fact]
    public async Task An_answer_may_depend_on_the_parameters()
    {
        _store.Answer("from product", statement => statement.Parameter<int>("id") == 1 ? new Product(1, "Cup", 10) : null);
        var products = new ProductRepository(_store);

        Assert.Equal("Cup", (await products.FindAsync(1, Cancellation))?.Name);
        Assert.Null(await products.FindAsync(2, Cancellation));
    }

    [Fact]
    public async Task An_answer_may_be_held_and_the_load_with_it()
    {
        var (asked, given) = (new TaskCompletionSource(), new TaskCompletionSource<object?>());
        _store.Answer("from product", (_, token) =>
        {
            asked.TrySetResult();
            return given.Task.WaitAsync(token);
        });
        var read = new ProductRepository(_store).FindAsync(1, Cancellation).AsTask();
        await asked.Task.WaitAsync(Cancellation);
        await _store.InvalidateKeyAsync("product:1", Cancellation);

        given.SetResult(new Product(1, "Cup", 10));

        Assert.Equal("Cup", (await read)?.Name);
        Assert.False(_store.IsCached("product:1"));
    }

    [Fact]
    public async Task What_was_arranged_last_goes_first()
    {
        _store.Answer("from product", new Product(1, "Cup", 10));
        _store.Answer("from product where id", new Product(1, "Mug", 10));

        Assert.Equal("Mug", (await new ProductRepository(_store).FindAsync(1, Cancellation))?.Name);
    }

    [Fact]
    public async Task Rows_may_be_given_one_by_one_or_as_a_sequence()
    {
        _store.Answer("one by one", 1, 2, 3);
        _store.Answer("a list", new List<int> { 1, 2, 3 });
        _store.Answer("made anew", _ => Enumerable.Range(1, 3));
        _store.Answer("nothing");

        Assert.Equal([1, 2, 3], await ListAsync("select one by one"));
        Assert.Equal([1, 2, 3], await ListAsync("select a list"));
        Assert.Equal([1, 2, 3], await ListAsync("select made anew"));
        Assert.Empty(await ListAsync("select nothing"));
    }

    [Fact]
    public async Task A_value_comes_as_the_type_that_the_statement_asks_for()
    {
        _store.Answer("number", 7);
        _store.Answer("text", "seven");
        _store.Answer("null", [null]);
        _store.Answer("bytes", [new byte[] { 1, 2 }]);

        Assert.Equal(7L, await ScalarAsync<long>("number"));
        Assert.Equal(7m, await ScalarAsync<decimal?>("number"));
        Assert.Equal("seven", await ScalarAsync<string>("text"));
        Assert.Null(await ScalarAsync<int?>("null"));
        Assert.Equal([1, 2], await ScalarAsync<byte[]>("bytes"));
    }

    [Fact]
    public async Task Rows_of_another_type_are_told()
    {
        _store.Answer("from product", "not a product");

        var error = await Assert.ThrowsAsync<InvalidOperationException>(
            async () => await new ProductRepository(_store).FindAsync(1, Cancellation));

        Assert.Contains("from product", error.Message, StringComparison.Ordinal);
        Assert.Contains(nameof(Product), error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task More_than_one_row_is_refused_where_one_is_asked_for()
    {
        _store.Answer("from product", new Product(1, "Cup", 10), new Product(2, "Mug", 10));

        await Assert.ThrowsAsync<InvalidOperationException>(async () => await new ProductRepository(_store).FindAsync(1, Cancellation));
    }

    [Fact]
    public async Task A_statement_that_nobody_has_arranged_is_told_with_the_remedy()
    {
        var error = await Assert.ThrowsAsync<UnansweredStatementException>(
            async () => await new ProductRepository(_store).FindAsync(1, Cancellation));

        Assert.Contains("\"select id, name, price from product where id = @id\"", error.Message, StringComparison.Ordinal);
        Assert.Contains("store.Answer(", error.Message, StringComparison.Ordinal);
        _store.ShouldHaveExecuted("from product");
    }

    [Fact]
    public async Task An_exception_of_an_answer_is_the_statements_and_a_conflict_repeats_the_write()
    {
        var runs = 0;
        _store.Answer("update", _ => ++runs == 1
            ? throw new PostgresException("conflict", "ERROR", "ERROR", PostgresErrorCodes.SerializationFailure)
            : 1);
        Task WriteAsync(int attempts) => _store.WriteAsync(
            (write, token) => write.ExecuteAsync("update product set price = 1", null, token),
            new WriteOptions { MaxAttempts = attempts },
            Cancellation);

        await WriteAsync(2);
        Assert.Equal(2, runs);
        runs = 0;
        await Assert.ThrowsAsync<PostgresException>(() => WriteAsync(1));
    }

    [Fact]
    public async Task Transactions_that_write_have_ids_and_tokens_ask_for_what_reflects_them()
    {
        var name = "old";
        _store.Answer("select", _ => name);
        _store.Answer("update", 1);
        ValueTask<string?> ReadAsync(IHybridStore store) => store.GetAsync<string>("key", "select name", cancellationToken: Cancellation);
        await ReadAsync(_store);

        name = "new";
        var receipt = await _store.WriteAsync(
            (write, token) => write.ExecuteAsync("update", null, token), cancellationToken: Cancellation);
        var view = _store.With(new ReadOptions { AtLeast = receipt.Token });

        Assert.NotNull(receipt.TransactionId);
        Assert.Equal("old", await ReadAsync(_store));
        Assert.Equal("new", await ReadAsync(view));
        name = "newer";
        Assert.Equal("new", await ReadAsync(view));
        await _store.ApplyAsync(["key"], [], receipt.TransactionId.Value, Cancellation);
        Assert.Equal("new", await ReadAsync(_store));
    }

    [Fact]
    public async Task There_is_no_connection_and_no_transaction()
    {
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await _store.GetAsync(
            "key",
            async (load, token) =>
            {
                await load.OpenConnectionAsync(token);
                return 1;
            },
            cancellationToken: Cancellation));
        await _store.WriteAsync(
            (write, _) =>
            {
                Assert.Contains("database", Assert.Throws<InvalidOperationException>(() => write.Connection).Message, StringComparison.Ordinal);
                Assert.Throws<InvalidOperationException>(() => write.Transaction);
                return Task.CompletedTask;
            },
            cancellationToken: Cancellation);
    }

    [Fact]
    public async Task A_write_that_has_ended_runs_no_statement()
    {
        WriteContext? seen = null;
        _store.Answer("update", 1);
        await _store.WriteAsync(
            (write, _) =>
            {
                seen = write;
                return Task.CompletedTask;
            },
            cancellationToken: Cancellation);

        await Assert.ThrowsAsync<InvalidOperationException>(() => seen!.ExecuteAsync("update", cancellationToken: Cancellation));
        Assert.Empty(_store.Statements);
    }

    [Fact]
    public async Task Parameters_are_found_in_objects_dictionaries_and_Dappers_own()
    {
        _store.Answer("select", 1);
        foreach (var parameters in new object[]
        {
            new { Id = 7 },
            new Dictionary<string, object?> { ["id"] = 7 },
            new DynamicParameters(new Dictionary<string, object> { ["id"] = 7 }),
        })
        {
            _store.ClearRecords();
            await _store.GetAsync<int>("key", "select", parameters, EntryOptions.Never, Cancellation);
            Assert.Equal(7, Assert.Single(_store.Statements).Parameter<int>("id"));
            Assert.Throws<ArgumentException>("name", () => _store.Statements[0].Parameter<int>("other"));
        }
    }

    [Fact]
    public void Nothing_can_be_arranged_where_a_database_answers()
    {
        using var source = NpgsqlDataSource.Create("Host=localhost");

        Assert.Throws<InvalidOperationException>(() => new InMemoryHybridStore(source).Answer("select", 1));
        Assert.Throws<ArgumentException>("partOfSql", () => _store.Answer(" ", 1));
        Assert.Throws<ArgumentNullException>("dataSource", () => new InMemoryHybridStore((NpgsqlDataSource)null!));
    }

    private ValueTask<IReadOnlyList<int>> ListAsync(string sql) =>
        _store.GetListAsync<int>(sql, sql, options: EntryOptions.Never, cancellationToken: Cancellation);

    private ValueTask<T?> ScalarAsync<T>(string sql) => _store.GetAsync(
        sql, (load, token) => load.ExecuteScalarAsync<T>(sql, null, token), EntryOptions.Never, Cancellation);
}
