using HybridStore.Realtime.Sessions;
using Microsoft.Extensions.DependencyInjection;

namespace HybridStore.Realtime.Tests.Sessions;

public class SessionCopyTests(OwnServersFixture fixture) : IClassFixture<OwnServersFixture>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Sessions_outlast_the_loss_of_Redis_with_everything()
    {
        await using var host = await StartAsync();
        var store = host.Get<ISessionStore>();
        var begun = await store.CreateAsync(
            new SessionStart { Device = "Desk", Fields = new SessionChanges().Set("a", "1").Set("b", "2") }, Cancellation);
        await store.MergeAsync(begun.Id, new SessionChanges().Set("c", "3").Remove("a"), Cancellation);
        var session = await store.RegenerateIdAsync(begun.Id, "42", Cancellation);
        await fixture.Servers.Redis.FlushAsync();

        var read = await store.GetAsync(session!.Id, Cancellation);

        Assert.NotNull(read);
        Assert.Equal((begun.Handle, "42", "Desk", 3L), (read.Handle, read.UserId, read.Device, read.Version));
        Assert.Equal(["b", "c"], read.Fields.Keys.Order());
        Assert.InRange((read.CreatedAt - begun.CreatedAt).Duration(), TimeSpan.Zero, TimeSpan.FromSeconds(2));
        Assert.InRange((read.EndsAt - begun.EndsAt)!.Value.Duration(), TimeSpan.Zero, TimeSpan.FromSeconds(2));
        Assert.Equal(4, await store.MergeAsync(session.Id, new SessionChanges().Set("d", "4"), Cancellation));
        Assert.Equal(1, await store.RevokeAllOfUserAsync("42", cancellationToken: Cancellation));
        Assert.Null(await store.GetAsync(session.Id, Cancellation));
    }

    [Fact]
    public async Task Changes_find_a_session_that_Redis_has_lost()
    {
        await using var host = await StartAsync();
        var store = host.Get<ISessionStore>();
        var session = await store.CreateAsync(new SessionStart { Fields = new SessionChanges().Set("a", "1") }, Cancellation);

        await fixture.Servers.Redis.FlushAsync();
        Assert.Equal(2, await store.MergeAsync(session.Id, new SessionChanges().Set("b", "2"), Cancellation));
        await fixture.Servers.Redis.FlushAsync();
        Assert.Equal(SessionReplaceOutcome.Conflict, (await store.TryReplaceAsync(session.Id, 1, new SessionChanges(), Cancellation)).Outcome);
        await fixture.Servers.Redis.FlushAsync();
        var regenerated = await store.RegenerateIdAsync(session.Id, cancellationToken: Cancellation);
        Assert.Equal(["a", "b"], regenerated!.Fields.Keys.Order());
        await fixture.Servers.Redis.FlushAsync();
        Assert.True(await store.RevokeAsync(regenerated.Id, Cancellation));
        Assert.Null(await store.GetAsync(regenerated.Id, Cancellation));
    }

    [Fact]
    public async Task What_was_revoked_or_replaced_does_not_come_back_with_the_others()
    {
        await using var host = await StartAsync();
        var store = host.Get<ISessionStore>();
        var sessions = new List<Session>();
        for (var count = 0; count < 6; count++)
        {
            sessions.Add(await store.CreateAsync(new SessionStart { UserId = count < 3 ? "42" : "43" }, Cancellation));
        }

        var kept = await store.RegenerateIdAsync(sessions[3].Id, cancellationToken: Cancellation);
        Assert.True(await store.RevokeAsync(sessions[0].Id, Cancellation));
        Assert.True(await store.RevokeByHandleAsync("43", sessions[4].Handle, Cancellation));
        Assert.Equal(2, await store.RevokeAllOfUserAsync("42", cancellationToken: Cancellation));
        await fixture.Servers.Redis.FlushAsync();

        foreach (var session in sessions[..5])
        {
            Assert.Null(await store.GetAsync(session.Id, Cancellation));
            Assert.False(await store.RevokeAsync(session.Id, Cancellation));
        }

        Assert.NotNull(await store.GetAsync(sessions[5].Id, Cancellation));
        Assert.NotNull(await store.GetAsync(kept!.Id, Cancellation));
        Assert.Equal(2, (await store.ListOfUserAsync("43", cancellationToken: Cancellation)).Count);
    }

    [Fact]
    public async Task While_Redis_is_away_the_copy_serves_and_afterwards_the_newest_wins()
    {
        await using var host = await StartAsync();
        await using var second = await StartAsync(besides: host);
        var store = host.Get<ISessionStore>();
        var session = await store.CreateAsync(new SessionStart { UserId = "42", Fields = new SessionChanges().Set("a", "1") }, Cancellation);
        var replaced = await store.CreateAsync(new SessionStart { UserId = "42" }, Cancellation);
        var revoked = await store.CreateAsync(new SessionStart { UserId = "43" }, Cancellation);
        var swept = await store.CreateAsync(new SessionStart { UserId = "44" }, Cancellation);
        Session created;
        Session? regenerated;
        fixture.Servers.Redis.Proxy.Cut();
        try
        {
            Assert.Equal("1", (await store.GetAsync(session.Id, Cancellation))!.GetString("a"));
            Assert.NotNull(await second.Get<ISessionStore>().GetAsync(session.Id, Cancellation));
            Assert.True(await store.MergeAsync(session.Id, new SessionChanges().Set("b", "2"), Cancellation) > 1);
            var read = await second.Get<ISessionStore>().GetAsync(session.Id, Cancellation);
            Assert.Equal(["a", "b"], read!.Fields.Keys.Order());
            Assert.Equal(
                SessionReplaceOutcome.Conflict, (await store.TryReplaceAsync(session.Id, 1, new SessionChanges(), Cancellation)).Outcome);
            Assert.Equal(
                SessionReplaceOutcome.Replaced,
                (await store.TryReplaceAsync(session.Id, read.Version, new SessionChanges().Set("c", "3"), Cancellation)).Outcome);
            regenerated = await store.RegenerateIdAsync(replaced.Id, "45", Cancellation);
            Assert.NotNull(regenerated);
            Assert.Null(await store.GetAsync(replaced.Id, Cancellation));
            Assert.True(await store.RevokeAsync(revoked.Id, Cancellation));
            Assert.Null(await store.GetAsync(revoked.Id, Cancellation));

            // Redis may have one that the copy could not be told of.
            await Assert.ThrowsAsync<SessionStoreUnavailableException>(
                () => store.RevokeAllOfUserAsync("44", cancellationToken: Cancellation));
            Assert.Null(await store.GetAsync(swept.Id, Cancellation));
            created = await store.CreateAsync(new SessionStart { UserId = "42" }, Cancellation);
            Assert.Equal(2, (await store.ListOfUserAsync("42", created.Id, Cancellation)).Count);
            Assert.Null(await store.GetAsync("unknown", Cancellation));
        }
        finally
        {
            fixture.Servers.Redis.Proxy.Restore();
        }

        // The first tells Redis, used or not, and the second finds it there.
        await Eventually.HappensAsync(async () => (long)await fixture.Servers.Redis.RunAsync("HGET", KeyOf(host, session), "v") > 2);
        foreach (var own in (ISessionStore[])[store, second.Get<ISessionStore>()])
        {
            Assert.Equal(["c"], (await own.GetAsync(session.Id, Cancellation))!.Fields.Keys);
            Assert.Null(await own.GetAsync(replaced.Id, Cancellation));
            Assert.Equal("45", (await own.GetAsync(regenerated.Id, Cancellation))!.UserId);
            Assert.Null(await own.GetAsync(revoked.Id, Cancellation));
            Assert.Null(await own.GetAsync(swept.Id, Cancellation));
            Assert.NotNull(await own.GetAsync(created.Id, Cancellation));
        }

        await Eventually.HappensAsync(async () =>
        {
            await store.GetAsync(session.Id, Cancellation);
            return !await host.ScalarAsync<bool>("select exists (select 1 from hybridstore_realtime.session where ahead)")
                && (long)await fixture.Servers.Redis.RunAsync("EXISTS", KeyOf(host, created)) == 1;
        });
        Assert.Equal(0, (long)await fixture.Servers.Redis.RunAsync("EXISTS", KeyOf(host, revoked), KeyOf(host, swept)));
    }

    [Fact]
    public async Task No_field_is_lost_where_Redis_goes_away_and_comes_back_under_64_callers()
    {
        await using var host = await StartAsync();
        var store = host.Get<ISessionStore>();
        var session = await store.CreateAsync(cancellationToken: Cancellation);
        var merged = 0;
        var callers = Task.WhenAll(Enumerable.Range(0, 64).Select(caller => Task.Run(async () =>
        {
            for (var number = 1; number <= 20; number++)
            {
                Assert.NotNull(await store.MergeAsync(session.Id, new SessionChanges().SetJson($"caller{caller}", number), Cancellation));
                Interlocked.Increment(ref merged);
            }
        })));
        try
        {
            await Eventually.HappensAsync(() => merged > 200);
            fixture.Servers.Redis.Proxy.Cut();
            var then = merged;
            await Eventually.HappensAsync(() => merged > then + 200);
        }
        finally
        {
            fixture.Servers.Redis.Proxy.Restore();
        }

        await callers.WaitAsync(TimeSpan.FromSeconds(30), Cancellation);
        var read = await store.GetAsync(session.Id, Cancellation);
        Assert.Equal(64, read!.Fields.Count);
        Assert.All(read.Fields.Keys, name => Assert.Equal(20, read.GetJson<int>(name)));
    }

    [Fact]
    public async Task While_PostgreSQL_is_away_sessions_go_on_and_only_what_must_not_come_back_is_refused()
    {
        await using var host = await StartAsync();
        var store = host.Get<ISessionStore>();
        var session = await store.CreateAsync(new SessionStart { UserId = "42" }, Cancellation);
        Session created;
        fixture.Servers.Postgres.Proxy.Cut();
        try
        {
            Assert.NotNull(await store.GetAsync(session.Id, Cancellation));
            Assert.Equal(2, await store.MergeAsync(session.Id, new SessionChanges().Set("a", "1"), Cancellation));
            created = await store.CreateAsync(cancellationToken: Cancellation);
            Assert.NotNull(await store.GetAsync(created.Id, Cancellation));
            foreach (var call in (Func<Task>[])
                [
                    () => store.RevokeAsync(session.Id, Cancellation),
                    () => store.RevokeAllOfUserAsync("42", cancellationToken: Cancellation),
                    () => store.RegenerateIdAsync(session.Id, cancellationToken: Cancellation),
                    () => store.GetAsync("unknown", Cancellation),
                ])
            {
                await Assert.ThrowsAsync<SessionStoreUnavailableException>(call);
            }

            Assert.NotNull(await store.GetAsync(session.Id, Cancellation));
        }
        finally
        {
            fixture.Servers.Postgres.Proxy.Restore();
        }

        // The next change tells the copy all that it has missed.
        await Eventually.SucceedsAsync<SessionStoreUnavailableException, Session?>(() => store.GetAsync("unknown", Cancellation));
        Assert.NotNull(await store.MergeAsync(session.Id, new SessionChanges().Set("b", "1"), Cancellation));
        Assert.NotNull(await store.MergeAsync(created.Id, new SessionChanges().Set("b", "1"), Cancellation));
        await fixture.Servers.Redis.FlushAsync();
        Assert.Equal(["a", "b"], (await store.GetAsync(session.Id, Cancellation))!.Fields.Keys.Order());
        Assert.NotNull(await store.GetAsync(created.Id, Cancellation));
    }

    [Fact]
    public async Task A_change_in_Redis_and_one_in_the_copy_that_did_not_know_of_each_other_both_stay()
    {
        await using var host = await StartAsync();
        var store = host.Get<ISessionStore>();
        var session = await store.CreateAsync(new SessionStart { Fields = new SessionChanges().Set("a", "1") }, Cancellation);

        // As by a process that alone did not reach Redis.
        Assert.True(await host.ScalarAsync<bool>($"""
            update hybridstore_realtime.session set version = version + {SessionCopyRules.VersionStep}, ahead = true,
              names = names || 'copied'::text, contents = contents || '2'::bytea
            where handle = '{session.Handle}' returning true
            """));
        Assert.NotNull(await store.MergeAsync(session.Id, new SessionChanges().Set("merged", "3"), Cancellation));

        await Eventually.HappensAsync(async () =>
            (long)await fixture.Servers.Redis.RunAsync("HGET", KeyOf(host, session), "v") > SessionCopyRules.VersionStep);
        Assert.Equal(["a", "copied", "merged"], (await store.GetAsync(session.Id, Cancellation))!.Fields.Keys.Order());
    }

    [Fact]
    public async Task Whoever_gives_up_waiting_for_a_revocation_does_not_break_it_off()
    {
        await using var host = await StartAsync();
        var store = host.Get<ISessionStore>();
        var session = await store.CreateAsync(new SessionStart { UserId = "46" }, Cancellation);
        var other = await store.CreateAsync(new SessionStart { UserId = "47" }, Cancellation);
        var given = new CancellationToken(canceled: true);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => store.RevokeAsync(session.Id, given));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => store.RevokeAllOfUserAsync("47", cancellationToken: given));

        await Eventually.HappensAsync(async () => await store.GetAsync(session.Id, Cancellation) is null);
        await Eventually.HappensAsync(async () => await store.GetAsync(other.Id, Cancellation) is null);
    }

    [Fact]
    public async Task A_flood_of_unknown_ids_is_kept_away_from_PostgreSQL()
    {
        await using var host = await StartAsync(options => options.CopyLookupsPerSecond = 5);
        var store = host.Get<ISessionStore>();
        var session = await store.CreateAsync(cancellationToken: Cancellation);
        var refused = 0;
        for (var count = 0; count < 100; count++)
        {
            try
            {
                Assert.Null(await store.GetAsync(SessionName.NewId(), Cancellation));
            }
            catch (SessionStoreUnavailableException error) when (error.Message.Contains("CopyLookupsPerSecond", StringComparison.Ordinal))
            {
                refused++;
            }
        }

        Assert.InRange(refused, 1, 95);
        Assert.NotNull(await store.GetAsync(session.Id, Cancellation));
    }

    [Fact]
    public async Task A_session_that_is_brought_back_while_it_is_revoked_is_revoked()
    {
        await using var host = await StartAsync();
        await using var second = await StartAsync(besides: host);
        for (var round = 0; round < 10; round++)
        {
            var session = await host.Get<ISessionStore>().CreateAsync(new SessionStart { UserId = "42" }, Cancellation);
            await fixture.Servers.Redis.FlushAsync();
            var readers = Enumerable.Range(0, 32).Select(reader => Task.Run(
                () => (reader % 2 == 0 ? host : second).Get<ISessionStore>().GetAsync(session.Id, Cancellation), Cancellation)).ToList();
            var revoked = round % 2 == 0
                ? await second.Get<ISessionStore>().RevokeAsync(session.Id, Cancellation) ? 1 : 0
                : await second.Get<ISessionStore>().RevokeAllOfUserAsync("42", cancellationToken: Cancellation);

            Assert.Equal(1, revoked);
            await Task.WhenAll(readers);
            Assert.Null(await host.Get<ISessionStore>().GetAsync(session.Id, Cancellation));
            Assert.Null(await second.Get<ISessionStore>().GetAsync(session.Id, Cancellation));
        }
    }

    private static string KeyOf(RealtimeHost host, Session session) => $"{host.Prefix}:session:{{{session.Handle}}}";

    private Task<RealtimeHost> StartAsync(Action<SessionStoreOptions>? configure = null, RealtimeHost? besides = null) => RealtimeHost.StartAsync(
        fixture.Servers,
        builder => builder.AddSessions(options => options.PostgresCopy = true).AddSessions(configure),
        options => options.RedisTimeout = TimeSpan.FromMilliseconds(500),
        besides);
}
