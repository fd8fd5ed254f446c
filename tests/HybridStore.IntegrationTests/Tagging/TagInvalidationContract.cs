using HybridStore.IntegrationTests.Reading;

namespace HybridStore.IntegrationTests.Tagging;

/// <summary>A tag takes all entries under it along, and no others.</summary>
public abstract class TagInvalidationContract(IStoreServers servers)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Any_of_a_keys_many_tags_removes_it()
    {
        await using var host = await StoreHost.StartAsync(servers);
        string[] tags = ["user:1", "org:7", "feature:search", "tenant:de", "plan:gold"];
        var loads = 0;
        foreach (var tag in tags)
        {
            var before = await ReadAsync();
            Assert.Equal(before, await ReadAsync());

            await host.Store.InvalidateTagAsync(tag, Cancellation);

            Assert.Equal(before + 1, await ReadAsync());
        }

        ValueTask<int> ReadAsync() => host.Store.GetAsync(
            "key",
            (context, _) =>
            {
                context.AddTags(tags);
                return ValueTask.FromResult(++loads);
            },
            cancellationToken: Cancellation);
    }

    [Fact]
    public async Task Keys_of_other_tags_stay()
    {
        await using var host = await StoreHost.StartAsync(servers);
        var loads = new NumberedLoads();
        await ReadAsync(host, loads, "a", "red");
        await ReadAsync(host, loads, "b", "red", "blue");
        await ReadAsync(host, loads, "c", "blue");
        await ReadAsync(host, loads, "d");

        await host.Store.InvalidateTagAsync("red", Cancellation);

        Assert.Equal(3, await ReadAsync(host, loads, "c", "blue"));
        Assert.Equal(4, await ReadAsync(host, loads, "d"));
        Assert.Equal(5, await ReadAsync(host, loads, "a", "red"));
        Assert.Equal(6, await ReadAsync(host, loads, "b", "red", "blue"));
    }

    [Fact]
    public async Task Tags_may_depend_on_the_loaded_value()
    {
        await using var host = await StoreHost.StartAsync(servers);
        await host.ExecuteAsync("create table person (id int primary key, org_id int)");
        await host.ExecuteAsync("insert into person values (1, 7)");
        ValueTask<int> OrgAsync() => host.Store.GetAsync(
            "user:1",
            async (context, token) =>
            {
                var org = await context.ExecuteScalarAsync<int>("select org_id from person where id = 1", cancellationToken: token);
                context.AddTag($"org:{org}");
                return org;
            },
            cancellationToken: Cancellation);
        Assert.Equal(7, await OrgAsync());
        await host.ExecuteAsync("update person set org_id = 8");

        await host.Store.InvalidateTagAsync("org:8", Cancellation);
        Assert.Equal(7, await OrgAsync());
        await host.Store.InvalidateTagAsync("org:7", Cancellation);
        Assert.Equal(8, await OrgAsync());
        await host.ExecuteAsync("update person set org_id = 9");
        await host.Store.InvalidateTagAsync("org:8", Cancellation);

        Assert.Equal(9, await OrgAsync());
    }

    [Fact]
    public async Task Keys_and_tags_go_in_one_invalidation()
    {
        await using var host = await StoreHost.StartAsync(servers);
        var loads = new NumberedLoads();
        await ReadAsync(host, loads, "a", "red");
        await ReadAsync(host, loads, "b", "blue");
        await ReadAsync(host, loads, "c");

        var receipt = await host.Store.InvalidateAsync(new Invalidation { Keys = ["c"], Tags = ["red", "blue"] }, Cancellation);

        Assert.Equal(InvalidationStatus.Applied, receipt.Status);
        Assert.Equal(4, await ReadAsync(host, loads, "a"));
        Assert.Equal(5, await ReadAsync(host, loads, "b"));
        Assert.Equal(6, await ReadAsync(host, loads, "c"));
    }

    [Fact]
    public async Task A_tag_without_members_is_invalidated_in_vain()
    {
        await using var host = await StoreHost.StartAsync(servers);

        Assert.Equal(InvalidationStatus.Applied, (await host.Store.InvalidateTagAsync("nobody", Cancellation)).Status);
    }

    [Theory]
    [InlineData("user:{42}:{a}")]
    [InlineData("späße 世界")]
    [InlineData("*?[a]^\\")]
    [InlineData("a b\"c'")]
    public async Task Names_are_taken_literally(string name)
    {
        await using var host = await StoreHost.StartAsync(servers, options => options.Partitions = 16);
        var loads = new NumberedLoads();
        await ReadAsync(host, loads, "other", "tag");
        Assert.Equal(2, await ReadAsync(host, loads, name, name));
        Assert.Equal(2, await ReadAsync(host, loads, name, name));

        await host.Store.InvalidateTagAsync(name, Cancellation);

        Assert.Equal(3, await ReadAsync(host, loads, name, name));
        Assert.Equal(1, await ReadAsync(host, loads, "other"));
    }

    [Fact]
    public async Task An_invalidated_key_is_registered_anew_by_its_next_load()
    {
        await using var host = await StoreHost.StartAsync(servers);
        var loads = new NumberedLoads();
        for (var round = 1; round <= 3; round++)
        {
            Assert.Equal(round, await ReadAsync(host, loads, "key", "tag"));
            Assert.Equal(round, await ReadAsync(host, loads, "key", "tag"));
            await host.Store.InvalidateTagAsync("tag", Cancellation);
        }
    }

    private static ValueTask<int> ReadAsync(StoreHost host, NumberedLoads loads, string key, params string[] tags) =>
        host.Store.GetAsync(
            key,
            (context, token) =>
            {
                context.AddTags(tags);
                return loads.RunAsync(context, token);
            },
            cancellationToken: Cancellation);
}
