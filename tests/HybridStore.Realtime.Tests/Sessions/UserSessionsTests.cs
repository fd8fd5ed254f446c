using System.Collections.Concurrent;
using HybridStore.Realtime.Sessions;
using Microsoft.Extensions.DependencyInjection;

namespace HybridStore.Realtime.Tests.Sessions;

public class UserSessionsTests(ServersFixture fixture)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_sessions_of_a_user_are_listed_with_their_devices()
    {
        await using var host = await StartAsync();
        var store = host.Get<ISessionStore>();
        var phone = await store.CreateAsync(new SessionStart { UserId = "42", Device = "Phone" }, Cancellation);
        var desk = await store.CreateAsync(new SessionStart { UserId = "42", Device = "Desk" }, Cancellation);
        await store.CreateAsync(new SessionStart { UserId = "43" }, Cancellation);
        await store.CreateAsync(cancellationToken: Cancellation);

        var list = await store.ListOfUserAsync("42", desk.Id, Cancellation);

        Assert.Equal([("Desk", true), ("Phone", false)], list.Select(info => (info.Device!, info.IsCurrent)).Order());
        Assert.All(list, info => Assert.InRange(info.LastSeenAt, info.CreatedAt, info.ExpiresAt));
        Assert.Equal([phone.Handle, desk.Handle], list.OrderBy(info => info.CreatedAt).Select(info => info.Handle));
        Assert.Empty(await store.ListOfUserAsync("nobody", cancellationToken: Cancellation));
    }

    [Fact]
    public async Task A_handle_revokes_a_session_of_its_user_and_is_no_id()
    {
        await using var host = await StartAsync();
        var store = host.Get<ISessionStore>();
        var session = await store.CreateAsync(new SessionStart { UserId = "42" }, Cancellation);

        Assert.Null(await store.GetAsync(session.Handle, Cancellation));
        Assert.False(await store.RevokeByHandleAsync("43", session.Handle, Cancellation));
        Assert.NotNull(await store.GetAsync(session.Id, Cancellation));
        Assert.True(await store.RevokeByHandleAsync("42", session.Handle, Cancellation));
        Assert.False(await store.RevokeByHandleAsync("42", session.Handle, Cancellation));
        Assert.Null(await store.GetAsync(session.Id, Cancellation));
        Assert.Empty(await store.ListOfUserAsync("42", cancellationToken: Cancellation));
    }

    [Fact]
    public async Task All_sessions_of_a_user_are_revoked_but_the_one_that_is_spared()
    {
        await using var host = await StartAsync();
        var store = host.Get<ISessionStore>();
        var sessions = new List<Session>();
        for (var count = 0; count < 150; count++)
        {
            sessions.Add(await store.CreateAsync(new SessionStart { UserId = "42" }, Cancellation));
        }

        var other = await store.CreateAsync(new SessionStart { UserId = "43" }, Cancellation);
        Assert.Equal(149, await store.RevokeAllOfUserAsync("42", sessions[7].Id, Cancellation));
        Assert.NotNull(await store.GetAsync(sessions[7].Id, Cancellation));
        Assert.Null(await store.GetAsync(sessions[8].Id, Cancellation));
        Assert.Equal(sessions[7].Handle, Assert.Single(await store.ListOfUserAsync("42", cancellationToken: Cancellation)).Handle);

        Assert.Equal(1, await store.RevokeAllOfUserAsync("42", cancellationToken: Cancellation));
        Assert.Null(await store.GetAsync(sessions[7].Id, Cancellation));
        Assert.NotNull(await store.GetAsync(other.Id, Cancellation));
    }

    [Fact]
    public async Task A_session_that_has_gone_over_to_another_user_is_not_revoked_with_the_first_ones()
    {
        await using var host = await StartAsync();
        var store = host.Get<ISessionStore>();
        var session = await store.CreateAsync(new SessionStart { UserId = "42" }, Cancellation);
        var taken = await store.RegenerateIdAsync(session.Id, "43", Cancellation);

        Assert.Empty(await store.ListOfUserAsync("42", cancellationToken: Cancellation));
        Assert.Equal(0, await store.RevokeAllOfUserAsync("42", cancellationToken: Cancellation));
        Assert.NotNull(await store.GetAsync(taken!.Id, Cancellation));
        Assert.Equal(1, await store.RevokeAllOfUserAsync("43", cancellationToken: Cancellation));
        Assert.Null(await store.GetAsync(taken.Id, Cancellation));
    }

    [Fact]
    public async Task A_session_that_is_noted_before_all_are_revoked_and_made_afterwards_is_not_confirmed()
    {
        await using var host = await StartAsync();
        var store = host.Get<ISessionStore>();
        var users = new UserSessions(host.Root.Links.For(new SessionStoreOptions()), host.Prefix);
        var handle = SessionName.Of(SessionName.NewId()).Handle;
        Assert.True((await users.AddAsync("42", handle, 60_000, Cancellation)).TryGetValue(out _));

        await store.RevokeAllOfUserAsync("42", cancellationToken: Cancellation);

        Assert.True((await users.HasAsync("42", handle, Cancellation)).TryGetValue(out var isConfirmed));
        Assert.False(isConfirmed);
    }

    [Fact]
    public async Task Whoever_fails_between_marking_and_ending_is_followed_by_the_next()
    {
        await using var host = await StartAsync();
        var store = host.Get<ISessionStore>();
        var users = new UserSessions(host.Root.Links.For(new SessionStoreOptions()), host.Prefix);
        var session = await store.CreateAsync(new SessionStart { UserId = "42" }, Cancellation);
        Assert.True((await users.MarkAsync("42", null, Cancellation)).TryGetValue(out var marked));
        Assert.Equal([session.Handle], marked);

        // Nothing takes the mark back, and what is marked is not forgotten.
        Assert.True((await users.AddAsync("42", session.Handle, 60_000, Cancellation)).TryGetValue(out var isNoted));
        Assert.False(isNoted);
        Assert.Single(await store.ListOfUserAsync("42", cancellationToken: Cancellation));
        Assert.Equal(1, await store.RevokeAllOfUserAsync("42", cancellationToken: Cancellation));
        Assert.Null(await store.GetAsync(session.Id, Cancellation));
    }

    [Fact]
    public async Task Revoking_all_ends_every_session_that_was_there_before_whoever_signs_in_meanwhile()
    {
        await using var host = await StartAsync();
        await using var second = await RealtimeHost.StartAsync(fixture.Servers, builder => builder.AddSessions(), besides: host);
        var store = host.Get<ISessionStore>();
        var created = new ConcurrentQueue<Session>();
        var creators = Task.WhenAll(Enumerable.Range(0, 64).Select(caller => Task.Run(async () =>
        {
            var own = (caller % 2 == 0 ? host : second).Get<ISessionStore>();
            for (var count = 0; count < 15; count++)
            {
                // Half of them begin as nobody's.
                if (caller % 4 < 2)
                {
                    created.Enqueue(await own.CreateAsync(new SessionStart { UserId = "42" }, Cancellation));
                }
                else if (await own.RegenerateIdAsync((await own.CreateAsync(cancellationToken: Cancellation)).Id, "42", Cancellation) is { } signedIn)
                {
                    created.Enqueue(signedIn);
                }
            }
        })));

        for (var (rounds, seen) = (0, 0); !creators.IsCompleted || rounds == 0; rounds++)
        {
            var before = created.ToArray();
            await second.Get<ISessionStore>().RevokeAllOfUserAsync("42", cancellationToken: Cancellation);
            Assert.Equal(0, await LivingAsync(store, before.Skip(seen)));
            seen = before.Length;
        }

        await creators;

        // What lives is in the list, and the next one ends it.
        var living = await LivingAsync(store, created);
        Assert.Equal(living, (await store.ListOfUserAsync("42", cancellationToken: Cancellation)).Count);
        Assert.Equal(living, await store.RevokeAllOfUserAsync("42", cancellationToken: Cancellation));
        Assert.Equal(0, await LivingAsync(store, created));
    }

    private static async Task<int> LivingAsync(ISessionStore store, IEnumerable<Session> sessions) =>
        (await Task.WhenAll(sessions.Select(session => store.GetAsync(session.Id, Cancellation)))).Count(read => read is not null);

    private Task<RealtimeHost> StartAsync() => RealtimeHost.StartAsync(fixture.Servers, builder => builder.AddSessions());
}
