namespace HybridStore.Conformance;

/// <summary>What is refused at once.</summary>
public abstract class ArgumentContract(IStoreBackend backend) : StoreContract(backend)
{
    private static readonly string[] Malformed = ["", "line\nbreak", new string('x', 1025), new string('ä', 513), "half \ud83d"];

    [Fact]
    public async Task Malformed_keys_are_refused_by_everything_that_takes_one()
    {
        await using var test = await StartAsync();
        var loads = new CountedLoads();
        foreach (var key in Malformed)
        {
            Assert.Throws<ArgumentException>("key", () => { _ = loads.ReadAsync(test.Store, key).AsTask(); });
            Assert.Throws<ArgumentException>("key", () => { _ = test.Store.ExplainAsync(key, Cancellation); });
            await Assert.ThrowsAsync<ArgumentException>(() => test.Store.InvalidateKeyAsync(key, Cancellation));
        }

        Assert.Throws<ArgumentNullException>("key", () => { _ = loads.ReadAsync(test.Store, null!).AsTask(); });
        Assert.Equal(0, loads.Runs);
    }

    [Fact]
    public async Task The_longest_key_is_taken()
    {
        await using var test = await StartAsync();
        var loads = new CountedLoads();
        var key = new string('ä', 512);

        await loads.ReadTaggedAsync(test.Store, key, key);
        Assert.Equal(1, await loads.ReadTaggedAsync(test.Store, key, key));
    }

    [Fact]
    public async Task Malformed_tags_are_refused_and_their_load_fails()
    {
        await using var test = await StartAsync();
        var loads = new CountedLoads();
        foreach (var tag in Malformed)
        {
            await Assert.ThrowsAsync<ArgumentException>(() => test.Store.InvalidateTagAsync(tag, Cancellation));
            await Assert.ThrowsAsync<ArgumentException>(async () => await loads.ReadTaggedAsync(test.Store, "key", "good", tag));
        }

        Assert.Equal(0, loads.Runs);
    }

    [Fact]
    public async Task One_malformed_name_among_many_is_named_and_nothing_is_invalidated()
    {
        await using var test = await StartAsync();
        var loads = new CountedLoads();
        await loads.ReadAsync(test.Store, "good");

        var error = await Assert.ThrowsAsync<ArgumentException>(() => test.Store.InvalidateKeysAsync(["good", ""], Cancellation));

        Assert.Contains("[1]", error.ParamName, StringComparison.Ordinal);
        Assert.Equal(1, await loads.ReadAsync(test.Store, "good"));
    }

    [Fact]
    public async Task Nothing_is_refused_where_something_is_needed()
    {
        await using var test = await StartAsync();
        Func<int, LoadContext, CancellationToken, ValueTask<int>> noLoad = null!;

        Assert.Throws<ArgumentNullException>("load", () => { _ = test.Store.GetAsync("key", 1, noLoad, null, Cancellation).AsTask(); });
        Assert.Throws<ArgumentNullException>("write", () => { _ = test.Store.WriteAsync(null!, null, Cancellation); });
        Assert.Throws<ArgumentNullException>("what", () => { _ = test.Store.InvalidateAsync(null!, Cancellation); });
        Assert.Throws<ArgumentNullException>("readOptions", () => test.Store.With(null!));
        Assert.Throws<ArgumentNullException>("transaction", () => test.Store.Enlist(null!));
    }

    [Fact]
    public async Task A_transaction_id_that_PostgreSQL_does_not_give_out_is_refused()
    {
        await using var test = await StartAsync();

        Assert.Throws<ArgumentOutOfRangeException>(() => { _ = test.Store.ApplyAsync(["key"], [], 2, Cancellation); });
    }

    [Fact]
    public async Task Parameters_that_were_meant_for_another_place_are_refused()
    {
        await using var test = await StartAsync();
        object misplaced = Cancellation;

        Assert.Throws<ArgumentException>(
            "parameters", () => { _ = test.Store.GetAsync<int>("key", "select 1", misplaced, cancellationToken: Cancellation).AsTask(); });
        await Assert.ThrowsAsync<ArgumentException>("parameters", () => test.Store.WriteAsync(
            (write, token) => write.ExecuteAsync("select 1", EntryOptions.Never, token), cancellationToken: Cancellation));
        await Assert.ThrowsAsync<ArgumentException>("sql", () => test.Store.WriteAsync(
            (write, token) => write.ExecuteAsync(" ", cancellationToken: token), cancellationToken: Cancellation));
    }
}
