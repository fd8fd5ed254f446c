namespace HybridStore.Conformance;

/// <summary>How long, and whether, values are kept.</summary>
public abstract class EntryOptionsContract(IStoreBackend backend) : StoreContract(backend)
{
    private static readonly TimeSpan Brief = TimeSpan.FromMilliseconds(400);

    [Fact]
    public async Task An_entry_expires_when_its_time_to_live_ends()
    {
        await using var test = await StartAsync();
        var loads = new CountedLoads();
        var options = new EntryOptions { TimeToLive = Brief, Jitter = 0, Beta = 0 };
        await loads.ReadAsync(test.Store, "key", options);

        test.Elapse(Brief);

        Assert.Equal(2, await AnotherThanAsync(1, () => loads.ReadAsync(test.Store, "key", options)));
    }

    [Fact]
    public async Task A_named_policy_gives_what_the_call_leaves_open()
    {
        await using var test = await StartAsync(options => options.Policies["brief"] = new() { TimeToLive = Brief, Jitter = 0, Beta = 0 });
        var loads = new CountedLoads();
        var options = EntryOptions.Policy("BRIEF");
        await loads.ReadAsync(test.Store, "key", options);

        test.Elapse(Brief);

        Assert.Equal(2, await AnotherThanAsync(1, () => loads.ReadAsync(test.Store, "key", options)));
    }

    [Fact]
    public async Task What_the_call_says_goes_before_its_policy()
    {
        await using var test = await StartAsync();
        var loads = new CountedLoads();
        var options = EntryOptions.Policy(PolicyNames.Never) with { DoNotCache = false };

        Assert.Equal(1, await loads.ReadAsync(test.Store, "key", options));
        Assert.Equal(1, await loads.ReadAsync(test.Store, "key", options));
    }

    [Fact]
    public async Task The_stores_defaults_are_what_nobody_else_says()
    {
        await using var test = await StartAsync(options => options.Defaults = new() { DoNotCache = true });
        var loads = new CountedLoads();

        Assert.Equal(1, await loads.ReadAsync(test.Store, "key"));
        Assert.Equal(2, await loads.ReadAsync(test.Store, "key"));
    }

    [Fact]
    public async Task An_unknown_policy_is_refused_and_nothing_is_loaded()
    {
        await using var test = await StartAsync();
        var loads = new CountedLoads();

        var error = await Assert.ThrowsAsync<ArgumentException>(
            async () => await loads.ReadAsync(test.Store, "key", EntryOptions.Policy("nobody")));

        Assert.Contains("nobody", error.Message, StringComparison.Ordinal);
        Assert.Equal(0, loads.Runs);
    }

    [Fact]
    public async Task A_null_is_not_cached_by_default()
    {
        await using var test = await StartAsync();
        var runs = 0;
        ValueTask<string?> ReadAsync() => test.Store.GetAsync(
            "key", (_, _) => ValueTask.FromResult(++runs > 0 ? null : "never"), cancellationToken: Cancellation);

        Assert.Null(await ReadAsync());
        Assert.Null(await ReadAsync());
        Assert.Equal(2, runs);
    }

    [Fact]
    public async Task A_null_is_cached_with_a_negative_time_to_live()
    {
        await using var test = await StartAsync();
        var runs = 0;
        ValueTask<string?> ReadAsync() => test.Store.GetAsync(
            "key",
            (_, _) => ValueTask.FromResult(++runs > 0 ? null : "never"),
            new EntryOptions { NegativeTimeToLive = TimeSpan.FromMinutes(1) },
            Cancellation);

        Assert.Null(await ReadAsync());
        Assert.Null(await ReadAsync());
        Assert.Equal(1, runs);
    }

    [Fact]
    public async Task What_must_never_be_cached_is_loaded_each_time_and_leaves_the_entry_of_others_alone()
    {
        await using var test = await StartAsync();
        var (loads, never) = (new CountedLoads(), new CountedLoads());
        await loads.ReadAsync(test.Store, "key");

        Assert.Equal(1, await never.ReadAsync(test.Store, "key", EntryOptions.Never));
        Assert.Equal(2, await never.ReadAsync(test.Store, "key", EntryOptions.Policy(PolicyNames.Never)));
        Assert.Equal(1, await loads.ReadAsync(test.Store, "key"));
        Assert.Equal(1, loads.Runs);
    }

    [Fact]
    public async Task A_load_may_decline_to_have_its_value_cached()
    {
        await using var test = await StartAsync();
        var loads = new CountedLoads();

        Assert.Equal(1, await loads.ReadAsync(test.Store, "key", load: static context => context.DoNotCache()));
        Assert.Equal(2, await loads.ReadAsync(test.Store, "key", load: static context => context.TimeToLive = TimeSpan.Zero));
        Assert.Equal(3, await loads.ReadAsync(test.Store, "key"));
        Assert.Equal(3, await loads.ReadAsync(test.Store, "key"));
    }

    [Fact]
    public async Task A_load_may_change_the_time_to_live_that_its_options_preset()
    {
        await using var test = await StartAsync();
        var loads = new CountedLoads();
        var options = new EntryOptions { TimeToLive = TimeSpan.FromHours(1), Jitter = 0, Beta = 0 };
        TimeSpan? preset = null;
        ValueTask<int> ReadAsync() => loads.ReadAsync(test.Store, "key", options, context =>
        {
            preset = context.TimeToLive;
            context.TimeToLive = Brief;
        });
        await ReadAsync();

        test.Elapse(Brief);

        Assert.Equal(2, await AnotherThanAsync(1, ReadAsync));
        Assert.Equal(TimeSpan.FromHours(1), preset);
    }

    [Fact]
    public async Task An_entry_of_another_schema_version_is_a_miss()
    {
        await using var test = await StartAsync();
        var loads = new CountedLoads();
        await loads.ReadAsync(test.Store, "key");

        Assert.Equal(2, await loads.ReadAsync(test.Store, "key", new EntryOptions { SchemaVersion = 1 }));
        Assert.Equal(2, await loads.ReadAsync(test.Store, "key", new EntryOptions { SchemaVersion = 1 }));
    }

    [Fact]
    public async Task A_value_over_the_limit_is_returned_and_not_cached()
    {
        await using var test = await StartAsync();
        var runs = 0;
        ValueTask<string> ReadAsync() => test.Store.GetAsync(
            "key",
            (_, _) => ValueTask.FromResult(new string('x', 100 + ++runs)),
            new EntryOptions { MaximumPayloadBytes = 50 },
            Cancellation);

        Assert.Equal(101, (await ReadAsync()).Length);
        Assert.Equal(102, (await ReadAsync()).Length);
    }

    [Fact]
    public async Task A_compressed_value_comes_back_equal()
    {
        await using var test = await StartAsync();
        var options = new EntryOptions { CompressionThresholdBytes = 10 };
        var text = new string('x', 5000);
        ValueTask<string> ReadAsync() => test.Store.GetAsync("key", (_, _) => ValueTask.FromResult(text), options, Cancellation);
        await ReadAsync();

        Assert.Equal(text, await ReadAsync());
        Assert.True((await test.Store.ExplainAsync("key", Cancellation)).Entry is { IsCompressed: true, Bytes: < 1000 });
    }
}
