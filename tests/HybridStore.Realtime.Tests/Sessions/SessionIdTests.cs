using HybridStore.Realtime.Sessions;
using Microsoft.Extensions.DependencyInjection;
using StackExchange.Redis;

namespace HybridStore.Realtime.Tests.Sessions;

public class SessionIdTests(ServersFixture fixture)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public void Ids_are_random_in_every_character_and_fit_into_a_cookie()
    {
        var ids = Enumerable.Range(0, 2000).Select(_ => SessionName.NewId()).ToList();

        Assert.Equal(ids.Count, ids.Distinct(StringComparer.Ordinal).Count());
        Assert.All(ids, id => Assert.Matches("^[A-Za-z0-9_-]{65}$", id));
        for (var place = 0; place < 65; place++)
        {
            // The last characters of the two parts hold 2 and 4 bits.
            var least = place is 21 ? 4 : place is 64 ? 16 : 60;
            Assert.InRange(ids.Select(id => id[place]).Distinct().Count(), least, 64);
        }
    }

    [Fact]
    public async Task Redis_knows_hashes_alone()
    {
        await using var host = await RealtimeHost.StartAsync(fixture.Servers, builder => builder.AddSessions());
        var store = host.Get<ISessionStore>();
        var first = await store.CreateAsync(new SessionStart { UserId = "42" }, Cancellation);
        var second = await store.RegenerateIdAsync(first.Id, cancellationToken: Cancellation);
        await store.MergeAsync(second!.Id, new SessionChanges().Set("a", "1"), Cancellation);

        var dump = new List<string>();
        foreach (var key in (RedisKey[])(await fixture.Servers.Redis.RunAsync("KEYS", $"{host.Prefix}:session*"))!)
        {
            dump.Add(key.ToString());
            dump.Add(Convert.ToBase64String((await host.Redis.KeyDumpAsync(key))!));
            if (await host.Redis.KeyTypeAsync(key) == RedisType.Hash)
            {
                dump.AddRange((await host.Redis.HashGetAllAsync(key)).SelectMany(field => (string[])[field.Name.ToString(), field.Value.ToString()]));
            }
            else
            {
                dump.AddRange((await host.Redis.SortedSetRangeByRankAsync(key)).Select(member => member.ToString()));
            }
        }

        Assert.NotEmpty(dump);
        foreach (var id in (string[])[first.Id, second.Id])
        {
            Assert.DoesNotContain(dump, text => text.Contains(id[..22], StringComparison.Ordinal) || text.Contains(id[22..], StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task What_is_no_id_is_not_found_after_the_same_question()
    {
        await using var host = await RealtimeHost.StartAsync(fixture.Servers, builder => builder.AddSessions());
        var store = host.Get<ISessionStore>();
        var session = await store.CreateAsync(cancellationToken: Cancellation);
        string[] ids =
        [
            "", " ", "\0", "\ud800", "{}", "*", new string('a', 100_000), session.Id[..64], session.Id + "A", session.Id.ToLowerInvariant(),
            session.Id[..22], session.Id[22..], session.Handle, $"{session.Id[..22]}{SessionName.NewId()[22..]}", SessionName.NewId(), "é" + session.Id[1..],
        ];

        foreach (var id in ids)
        {
            Assert.Null(await store.GetAsync(id, Cancellation));
            Assert.Null(await store.MergeAsync(id, new SessionChanges().Set("a", "1"), Cancellation));
            Assert.Null(await store.RegenerateIdAsync(id, cancellationToken: Cancellation));
            Assert.Equal(default, await store.TryReplaceAsync(id, 1, new SessionChanges(), Cancellation));
            Assert.False(await store.RevokeAsync(id, Cancellation));
            Assert.False(await store.RevokeByHandleAsync("42", id, Cancellation));
        }

        Assert.NotNull(await store.GetAsync(session.Id, Cancellation));
        await Assert.ThrowsAsync<ArgumentNullException>(() => store.GetAsync(null!, Cancellation));
    }

    [Fact]
    public async Task Something_else_under_the_name_of_a_session_or_an_index_is_nothing()
    {
        await using var host = await RealtimeHost.StartAsync(fixture.Servers, builder => builder.AddSessions());
        var store = host.Get<ISessionStore>();
        var id = SessionName.NewId();
        var key = $"{host.Prefix}:session:{{{SessionName.Of(id).Handle}}}";
        await host.Redis.StringSetAsync(key, "text");

        Assert.Null(await store.GetAsync(id, Cancellation));
        Assert.Null(await store.MergeAsync(id, new SessionChanges().Set("a", "1"), Cancellation));
        Assert.Null(await store.RegenerateIdAsync(id, cancellationToken: Cancellation));
        Assert.False(await store.RevokeAsync(id, Cancellation));

        await host.Redis.KeyDeleteAsync(key);
        await host.Redis.HashSetAsync(key, [new("s", SessionName.Of(id).Secret), new("v", "many"), new("c", "never")]);
        Assert.Null(await store.GetAsync(id, Cancellation));

        await store.CreateAsync(new SessionStart { UserId = "42" }, Cancellation);
        var index = ((RedisKey[])(await fixture.Servers.Redis.RunAsync("KEYS", $"{host.Prefix}:session-user:*"))!).Single();
        await host.Redis.StringSetAsync(index, "text");
        Assert.Empty(await store.ListOfUserAsync("42", cancellationToken: Cancellation));
        Assert.Equal(0, await store.RevokeAllOfUserAsync("42", cancellationToken: Cancellation));
        var session = await store.CreateAsync(new SessionStart { UserId = "42" }, Cancellation);
        Assert.Equal(session.Handle, Assert.Single(await store.ListOfUserAsync("42", cancellationToken: Cancellation)).Handle);
    }
}
