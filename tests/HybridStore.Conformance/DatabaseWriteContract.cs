using System.Data;
using Npgsql;

namespace HybridStore.Conformance;

/// <summary>Writes to a database.</summary>
public abstract class DatabaseWriteContract(IStoreBackend backend) : StoreContract(backend)
{
    [Fact]
    public async Task A_write_is_committed_and_the_next_read_sees_it()
    {
        await using var test = await StartWithRowsAsync();
        await Rows.ReadAsync(test.Store, 1);

        var receipt = await Rows.SetAsync(test.Store, 1, "new");

        Assert.NotNull(receipt.TransactionId);
        Assert.Equal(receipt.TransactionId, Assert.IsType<ulong>(await LastIdAsync(test)));
        Assert.NotEqual(default, receipt.Token);
        Assert.Equal("new", await Rows.NameAsync(test, 1));
        Assert.Equal("new", await Rows.ReadAsync(test.Store, 1));
    }

    [Fact]
    public async Task A_write_that_fails_is_rolled_back_and_invalidates_nothing()
    {
        await using var test = await StartWithRowsAsync();
        await Rows.ReadAsync(test.Store, 1);

        await Assert.ThrowsAsync<PostgresException>(() => test.Store.WriteAsync(
            async (write, token) =>
            {
                await Rows.SetAsync(write, 1, "lost", token);
                await write.ExecuteAsync("select 1 / 0", null, token);
            },
            cancellationToken: Cancellation));

        await Rows.ExecuteAsync(test, "update item set name = 'behind' where id = 1");
        Assert.Equal("first", await Rows.ReadAsync(test.Store, 1));
    }

    [Fact]
    public async Task What_PostgreSQL_refuses_at_COMMIT_invalidates_nothing()
    {
        await using var test = await StartWithRowsAsync();
        await Rows.ExecuteAsync(test, "create table owned (id int references item deferrable initially deferred)");
        await Rows.ReadAsync(test.Store, 1);

        await Assert.ThrowsAsync<PostgresException>(() => test.Store.WriteAsync(
            async (write, token) =>
            {
                await Rows.SetAsync(write, 1, "lost", token);
                await write.ExecuteAsync("insert into owned values (99)", null, token);
            },
            cancellationToken: Cancellation));

        await Rows.ExecuteAsync(test, "update item set name = 'behind' where id = 1");
        Assert.Equal("first", await Rows.ReadAsync(test.Store, 1));
    }

    [Fact]
    public async Task A_write_runs_all_kinds_of_statements_in_one_transaction()
    {
        await using var test = await StartWithRowsAsync();

        await test.Store.WriteAsync(
            async (write, token) =>
            {
                Assert.Equal(2, await write.ExecuteAsync("update item set name = upper(name)", null, token));
                Assert.Equal("FIRST", await write.QuerySingleOrDefaultAsync<string>(Rows.Select, new { id = 1 }, token));
                Assert.Equal(2, (await write.QueryAsync<string>("select name from item", null, token)).Count);
                Assert.Equal(2, await write.ExecuteScalarAsync<int>("select count(*) from item", null, token));
                Assert.Same(write.Connection, write.Transaction.Connection);
                Assert.Equal("first", await Rows.NameAsync(test, 1));
            },
            cancellationToken: Cancellation);

        Assert.Equal("FIRST", await Rows.NameAsync(test, 1));
    }

    [Fact]
    public async Task A_write_runs_in_the_isolation_level_that_it_asks_for()
    {
        await using var test = await StartWithRowsAsync();

        var receipt = await test.Store.WriteAsync<string?>(
            (write, token) => write.ExecuteScalarAsync<string>("show transaction_isolation", null, token),
            new WriteOptions { IsolationLevel = IsolationLevel.Serializable },
            Cancellation);

        Assert.Equal("serializable", receipt.Result);
    }

    [Fact]
    public async Task A_write_that_loses_against_another_writer_is_repeated_where_that_is_allowed()
    {
        await using var test = await StartWithRowsAsync();
        var runs = 0;
        Task WriteAsync(int attempts) => test.Store.WriteAsync(
            async (write, token) =>
            {
                await Rows.SetAsync(write, 1, $"run {++runs}", token);
                if (runs % 2 == 1)
                {
                    await write.ExecuteAsync("do $$ begin raise exception 'conflict' using errcode = '40001'; end $$", null, token);
                }
            },
            new WriteOptions { MaxAttempts = attempts },
            Cancellation);

        await WriteAsync(2);
        Assert.Equal("run 2", await Rows.NameAsync(test, 1));
        await Assert.ThrowsAsync<PostgresException>(() => WriteAsync(1));
        Assert.Equal("run 2", await Rows.NameAsync(test, 1));
    }

    [Fact]
    public async Task Nested_writes_share_one_transaction()
    {
        await using var test = await StartWithRowsAsync();
        WriteReceipt? nested = null;

        var outer = await test.Store.WriteAsync(
            async (write, token) =>
            {
                await Rows.SetAsync(write, 1, "outer", token);
                nested = await Rows.SetAsync(test.Store, 2, "nested");
                Assert.Equal("second", await Rows.NameAsync(test, 2));
            },
            cancellationToken: Cancellation);

        Assert.Equal(outer.TransactionId, nested!.TransactionId);
        Assert.Equal(("outer", "nested"), (await Rows.NameAsync(test, 1), await Rows.NameAsync(test, 2)));
    }

    [Fact]
    public async Task A_callback_that_ends_its_transaction_is_refused_and_what_it_named_is_invalidated()
    {
        await using var test = await StartWithRowsAsync();
        await Rows.ReadAsync(test.Store, 1);

        await Assert.ThrowsAsync<InvalidOperationException>(() => test.Store.WriteAsync(
            async (write, token) =>
            {
                await Rows.SetAsync(write, 1, "new", token);
                await write.Transaction.CommitAsync(token);
            },
            cancellationToken: Cancellation));

        Assert.Equal("new", await Rows.ReadAsync(test.Store, 1));
    }

    [Fact]
    public async Task A_load_that_is_overtaken_by_a_write_is_not_cached()
    {
        await using var test = await StartWithRowsAsync();
        var (loaded, released) = (new TaskCompletionSource(), new TaskCompletionSource());
        var read = test.Store.GetAsync(
            "item:1",
            async (load, token) =>
            {
                var name = await load.QuerySingleOrDefaultAsync<string>(Rows.Select, new { id = 1 }, token);
                loaded.SetResult();
                await released.Task.WaitAsync(token);
                return name;
            },
            cancellationToken: Cancellation).AsTask();
        await loaded.Task.WaitAsync(Cancellation);

        await Rows.SetAsync(test.Store, 1, "new");
        released.SetResult();

        Assert.Equal("first", await read);
        Assert.Equal("new", await Rows.ReadAsync(test.Store, 1));
    }

    [Fact]
    public async Task An_invalidation_by_its_transaction_spares_what_reflects_it()
    {
        await using var test = await StartWithRowsAsync();
        await Rows.ExecuteAsync(test, "update item set name = 'new' where id = 1");
        var id = (ulong)(await LastIdAsync(test))!;
        await Rows.ReadAsync(test.Store, 1);
        await Rows.ExecuteAsync(test, "update item set name = 'behind' where id = 1");

        await test.Store.ApplyAsync(["item:1"], [], id, Cancellation);
        Assert.Equal("new", await Rows.ReadAsync(test.Store, 1));
        await test.Store.ApplyAsync(["item:1"], [], (ulong)(await LastIdAsync(test))!, Cancellation);
        Assert.Equal("behind", await Rows.ReadAsync(test.Store, 1));
    }

    [Fact]
    public async Task An_invalidation_by_a_transaction_that_nobody_knows_removes_what_it_names()
    {
        await using var test = await StartWithRowsAsync();
        await Rows.ReadAsync(test.Store, 1);
        await Rows.ExecuteAsync(test, "update item set name = 'behind' where id = 1");

        await test.Store.ApplyAsync(["item:1"], [], 1UL << 40, Cancellation);

        Assert.Equal("behind", await Rows.ReadAsync(test.Store, 1));
    }

    [Fact]
    public async Task A_strict_write_is_strict()
    {
        await using var test = await StartWithRowsAsync();
        await Rows.ReadAsync(test.Store, 1);

        var receipt = await Rows.SetAsync(test.Store, 1, "new", new WriteOptions { Strict = true, OnFenceFailure = OnFenceFailure.Abort });

        Assert.True(receipt.IsStrict);
        Assert.Equal("new", await Rows.ReadAsync(test.Store, 1));
        Assert.Equal("new", await Rows.ReadAsync(test.Store, 1));
    }

    /// <summary>The id of the transaction that has written the first row last.</summary>
    private static async Task<object?> LastIdAsync(IStoreUnderTest test)
    {
        // xmin has 32 bits of it; a test's server counts no further.
        await using var command = test.Database.CreateCommand("select xmin::text::xid8 from item where id = 1");
        return await command.ExecuteScalarAsync(Cancellation);
    }

    private async Task<IStoreUnderTest> StartWithRowsAsync()
    {
        var test = await StartAsync();
        await Rows.CreateAsync(test);
        return test;
    }
}
