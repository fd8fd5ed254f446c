using HybridStore.IntegrationTests.Resilience;
using Microsoft.Extensions.DependencyInjection;

namespace HybridStore.IntegrationTests.Reading.Stale;

/// <summary>When a value past its expiry is not served although a load has failed: then the failure is the caller's.</summary>
public sealed class RefusedStaleTests(ServersFixture servers)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Not_what_is_invalidated_while_the_load_fails(bool byTag)
    {
        await using var entry = await ExpiredEntry.StartAsync(servers);
        var load = new HeldLoad();
        var read = entry.ReadAsync(load);
        await load.Started;

        var receipt = await entry.Store.InvalidateAsync(
            byTag ? new Invalidation { Tags = [ExpiredEntry.Tag] } : new Invalidation { Keys = [ExpiredEntry.Key] }, Cancellation);
        Assert.Equal(InvalidationStatus.Applied, receipt.Status);
        load.Fail();

        await Assert.ThrowsAsync<DatabaseAwayException>(() => read);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Not_what_was_invalidated_past_its_expiry(bool byTag)
    {
        await using var entry = await ExpiredEntry.StartAsync(servers);

        await entry.Store.InvalidateAsync(
            byTag ? new Invalidation { Tags = [ExpiredEntry.Tag] } : new Invalidation { Keys = [ExpiredEntry.Key] }, Cancellation);

        await entry.AssertFailsAsync();
    }

    [Fact]
    public async Task Not_what_a_write_in_another_process_has_changed_while_the_load_fails()
    {
        await using var entry = await ExpiredEntry.StartAsync(servers);
        await using var other = await StoreHost.StartAsync(servers, besides: entry.Host);
        await entry.Host.ExecuteAsync("create table item (id int)");
        var load = new HeldLoad();
        var read = entry.ReadAsync(load);
        await load.Started;

        await other.Store.WriteAsync(
            async (write, token) =>
            {
                await write.ExecuteAsync("insert into item values (1)", cancellationToken: token);
                write.Invalidate(ExpiredEntry.Key);
            },
            cancellationToken: Cancellation);
        load.Fail();

        await Assert.ThrowsAsync<DatabaseAwayException>(() => read);
    }

    [Fact]
    public async Task Not_to_a_caller_who_asks_for_a_write_that_it_does_not_reflect()
    {
        await using var entry = await ExpiredEntry.StartAsync(servers);
        await entry.Host.ExecuteAsync("create table item (id int)");
        var token = (await entry.Store.WriteAsync(
            (write, token) => write.ExecuteAsync("insert into item values (1)", cancellationToken: token),
            cancellationToken: Cancellation)).Token;

        await entry.AssertFailsAsync(entry.Store.With(new ReadOptions { AtLeast = token }));
        Assert.Equal(1, await entry.ReadInVainAsync());

        // One that it does reflect.
        await entry.Store.InvalidateKeyAsync(ExpiredEntry.Key, Cancellation);
        await entry.StoreAsync();
        await entry.ExpireAsync(TimeSpan.FromMinutes(1));
        Assert.Equal(1, await entry.ReadInVainAsync(entry.Store.With(new ReadOptions { AtLeast = token })));
    }

    [Fact]
    public async Task Not_to_a_caller_with_a_bound_that_no_mark_proves()
    {
        await using var entry = await ExpiredEntry.StartAsync(servers, options =>
        {
            options.Journal.Enabled = true;
            options.Journal.InstallAtStart = true;
            options.Journal.RunListener = false;
        });

        await entry.AssertFailsAsync(entry.Store.With(new ReadOptions { MaxStaleness = TimeSpan.FromHours(1) }));
        Assert.Equal(1, await entry.ReadInVainAsync());
    }

    [Fact]
    public async Task To_a_caller_with_a_bound_that_a_mark_proves()
    {
        await using var entry = await ExpiredEntry.StartAsync(servers, options =>
        {
            options.Journal.Enabled = true;
            options.Journal.InstallAtStart = true;
        });
        var bounded = entry.Store.With(new ReadOptions { MaxStaleness = TimeSpan.FromHours(1) });

        // Once the listener has written its first mark; until then it may raise the generation.
        await Eventually.HappensAsync(
            async () =>
            {
                await entry.StoreAsync();
                await entry.ExpireAsync(TimeSpan.FromMinutes(1));
                try
                {
                    return await entry.ReadInVainAsync(bounded) == 1;
                }
                catch (DatabaseAwayException)
                {
                    return false;
                }
            },
            "the bound is met");
    }

    [Fact]
    public async Task Not_to_another_load_whose_own_entry_would_outlive_the_deadline()
    {
        await using var entry = await ExpiredEntry.StartAsync(servers);

        await Assert.ThrowsAsync<DatabaseAwayException>(async () => await entry.Store.GetAsync(
            "outer", async (_, _) => await entry.ReadInVainAsync() + 1, cancellationToken: Cancellation));
        Assert.False(await entry.Raw.HasEntryAsync("outer"));
    }

    [Fact]
    public async Task Not_as_another_type_or_schema_version()
    {
        await using var entry = await ExpiredEntry.StartAsync(servers);

        await Assert.ThrowsAsync<DatabaseAwayException>(
            () => entry.ReadInVainAsync(options: ExpiredEntry.Options with { SchemaVersion = 1 }));
        await Assert.ThrowsAsync<DatabaseAwayException>(async () => await entry.Store.GetAsync<string>(
            ExpiredEntry.Key, (_, _) => throw new DatabaseAwayException(), ExpiredEntry.Options, Cancellation));
    }

    [Fact]
    public async Task Not_to_a_caller_who_has_cancelled()
    {
        await using var entry = await ExpiredEntry.StartAsync(servers);
        using var leaving = new CancellationTokenSource();
        var load = new HeldLoad();
        var read = entry.ReadAsync(load, cancellationToken: leaving.Token);
        await load.Started;

        await leaving.CancelAsync();

        var thrown = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => read);
        Assert.Equal(leaving.Token, thrown.CancellationToken);
        await load.Abandoned.WaitAsync(Cancellation);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Not_while_Redis_is_away(bool sinceTheReadBegan)
    {
        await using var link = RedisLink.To(servers.Redis);
        var host = await StoreHost.StartAsync(
            servers,
            options =>
            {
                options.RedisConnectionString = link.ConnectionString;
                options.RedisTimeout = TimeSpan.FromMilliseconds(300);
            },
            (services, _) => services.AddMetrics());
        await using var entry = await ExpiredEntry.OfAsync(host, servers.Redis);
        var load = new HeldLoad();
        if (sinceTheReadBegan)
        {
            link.Proxy.Cut();
        }

        var read = entry.ReadAsync(load);
        await load.Started;
        link.Proxy.Cut();
        var receipt = await entry.Store.InvalidateAsync(new Invalidation { Keys = [ExpiredEntry.Key] }, Cancellation);
        Assert.Equal(InvalidationStatus.Pending, receipt.Status);
        load.Fail();

        await Assert.ThrowsAsync<DatabaseAwayException>(() => read);
        link.Proxy.Restore();
    }

    [Fact]
    public async Task Not_before_an_invalidation_that_has_waited_for_Redis_is_applied()
    {
        await using var link = RedisLink.To(servers.Redis);
        var host = await StoreHost.StartAsync(
            servers,
            options =>
            {
                options.RedisConnectionString = link.ConnectionString;
                options.RedisTimeout = TimeSpan.FromMilliseconds(300);
                options.CircuitBreaker.BreakDuration = TimeSpan.FromMilliseconds(500);
            },
            (services, _) => services.AddMetrics());
        await using var entry = await ExpiredEntry.OfAsync(host, servers.Redis);
        var load = new HeldLoad();
        var read = entry.ReadAsync(load);
        await load.Started;
        link.Proxy.Cut();
        var receipt = await entry.Store.InvalidateAsync(new Invalidation { Keys = [ExpiredEntry.Key] }, Cancellation);

        link.Proxy.Restore();
        load.Fail();

        // Whether Redis has taken it by then or not.
        await Assert.ThrowsAsync<DatabaseAwayException>(() => read);
        await receipt.WhenApplied(Cancellation).WaitAsync(TimeSpan.FromSeconds(30), Cancellation);
        await entry.AssertFailsAsync();
    }
}
