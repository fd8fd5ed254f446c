using System.Text;
using Microsoft.Extensions.DependencyInjection;

namespace HybridStore.Realtime.Tests.Sessions;

public class SessionTests(ServersFixture fixture)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_session_is_read_as_it_was_begun()
    {
        await using var host = await StartAsync();
        var store = host.Get<ISessionStore>();

        var created = await store.CreateAsync(
            new SessionStart
            {
                UserId = "42",
                Device = "Firefox on Linux",
                Fields = new SessionChanges().Set("theme", "dark").Set("bytes", new byte[] { 0, 255 }).SetJson("cart", new[] { 1, 2 }),
            },
            Cancellation);
        var read = await store.GetAsync(created.Id, Cancellation);

        Assert.NotNull(read);
        Assert.Equal(
            (created.Id, created.Handle, "42", "Firefox on Linux", 1L), (read.Id, read.Handle, read.UserId, read.Device, read.Version));
        Assert.Equal("dark", read.GetString("theme"));
        Assert.Equal([0, 255], read.Fields["bytes"].ToArray());
        Assert.Equal([1, 2], read.GetJson<int[]>("cart")!);
        Assert.Null(read.GetString("missing"));
        Assert.Null(read.GetJson<int[]>("missing"));
        Assert.Equal(created.CreatedAt, read.CreatedAt);
        Assert.Equal(created.EndsAt, read.EndsAt);
        Assert.Equal(TimeSpan.FromDays(30), read.EndsAt - read.CreatedAt);
        Assert.InRange(read.ExpiresAt - read.CreatedAt, TimeSpan.FromHours(24), TimeSpan.FromHours(24.1));
    }

    [Fact]
    public async Task A_merge_leaves_other_fields_as_they_are()
    {
        await using var host = await StartAsync();
        var store = host.Get<ISessionStore>();
        var session = await store.CreateAsync(new SessionStart { Fields = new SessionChanges().Set("a", "1").Set("b", "2") }, Cancellation);

        var version = await store.MergeAsync(session.Id, new SessionChanges().Set("c", "3").Remove("a").Remove("never"), Cancellation);
        var read = await store.GetAsync(session.Id, Cancellation);

        Assert.Equal(2, version);
        Assert.Equal(2, read!.Version);
        Assert.Equal(["b", "c"], read.Fields.Keys.Order());
    }

    [Fact]
    public async Task A_replacement_wants_the_version_that_it_was_made_from()
    {
        await using var host = await StartAsync();
        var store = host.Get<ISessionStore>();
        var session = await store.CreateAsync(new SessionStart { Fields = new SessionChanges().Set("a", "1").Set("b", "2") }, Cancellation);

        var first = await store.TryReplaceAsync(session.Id, session.Version, new SessionChanges().Set("c", "3"), Cancellation);
        var second = await store.TryReplaceAsync(session.Id, session.Version, new SessionChanges().Set("d", "4"), Cancellation);
        var unknown = await store.TryReplaceAsync("unknown", 1, new SessionChanges(), Cancellation);

        Assert.Equal(new SessionReplaceResult(SessionReplaceOutcome.Replaced, 2), first);
        Assert.Equal(new SessionReplaceResult(SessionReplaceOutcome.Conflict, 2), second);
        Assert.Equal(new SessionReplaceResult(SessionReplaceOutcome.NotFound, 0), unknown);
        Assert.Equal(["c"], (await store.GetAsync(session.Id, Cancellation))!.Fields.Keys);
    }

    [Fact]
    public async Task A_new_id_takes_the_place_of_the_old_one_with_everything()
    {
        await using var host = await StartAsync();
        var store = host.Get<ISessionStore>();
        var session = await store.CreateAsync(new SessionStart { Fields = new SessionChanges().Set("cart", "full") }, Cancellation);

        var signedIn = await store.RegenerateIdAsync(session.Id, "42", Cancellation);

        Assert.NotNull(signedIn);
        Assert.NotEqual(session.Id, signedIn.Id);
        Assert.Equal((session.Handle, "42", "full"), (signedIn.Handle, signedIn.UserId, signedIn.GetString("cart")));
        Assert.Null(await store.GetAsync(session.Id, Cancellation));
        Assert.Null(await store.RegenerateIdAsync(session.Id, cancellationToken: Cancellation));
        Assert.Equal("full", (await store.GetAsync(signedIn.Id, Cancellation))!.GetString("cart"));
        Assert.Equal(session.Handle, Assert.Single(await store.ListOfUserAsync("42", signedIn.Id, Cancellation)).Handle);
    }

    [Fact]
    public async Task What_is_revoked_is_gone_for_everything()
    {
        await using var host = await StartAsync();
        var store = host.Get<ISessionStore>();
        var session = await store.CreateAsync(cancellationToken: Cancellation);

        Assert.True(await store.RevokeAsync(session.Id, Cancellation));

        Assert.False(await store.RevokeAsync(session.Id, Cancellation));
        Assert.Null(await store.GetAsync(session.Id, Cancellation));
        Assert.Null(await store.MergeAsync(session.Id, new SessionChanges().Set("a", "1"), Cancellation));
        Assert.Null(await store.RegenerateIdAsync(session.Id, cancellationToken: Cancellation));
        Assert.Equal(
            SessionReplaceOutcome.NotFound,
            (await store.TryReplaceAsync(session.Id, session.Version, new SessionChanges().Set("a", "1"), Cancellation)).Outcome);
        Assert.Null(await store.GetAsync(session.Id, Cancellation));
    }

    [Fact]
    public async Task A_session_that_grows_too_large_stays_as_it_was()
    {
        await using var host = await StartAsync(options => options.MaximumSize = 1024);
        var store = host.Get<ISessionStore>();
        var session = await store.CreateAsync(new SessionStart { Fields = new SessionChanges().Set("a", new byte[900]) }, Cancellation);

        var error = await Assert.ThrowsAsync<SessionTooLargeException>(
            () => store.MergeAsync(session.Id, new SessionChanges().Set("b", new byte[200]), Cancellation));
        Assert.Equal((1102, 1024), (error.Size, error.MaximumSize));
        Assert.Equal(["a"], (await store.GetAsync(session.Id, Cancellation))!.Fields.Keys);

        // What is overwritten or removed does not count.
        Assert.Equal(2, await store.MergeAsync(session.Id, new SessionChanges().Set("a", new byte[1023]), Cancellation));
        Assert.Equal(3, await store.MergeAsync(session.Id, new SessionChanges().Set("b", new byte[1000]).Remove("a"), Cancellation));
        await Assert.ThrowsAsync<SessionTooLargeException>(
            () => store.TryReplaceAsync(session.Id, 3, new SessionChanges().Set("b", new byte[1024]), Cancellation));
        await Assert.ThrowsAsync<SessionTooLargeException>(
            () => store.CreateAsync(new SessionStart { Fields = new SessionChanges().Set("b", new byte[1024]) }, Cancellation));
    }

    [Fact]
    public async Task A_session_of_a_thousand_fields_is_changed_like_any_other()
    {
        await using var host = await StartAsync();
        var store = host.Get<ISessionStore>();
        var many = new SessionChanges();
        var none = new SessionChanges();
        for (var index = 0; index < 1000; index++)
        {
            many.Set($"field{index}", "x");
            none.Remove($"field{index}");
        }

        var session = await store.CreateAsync(new SessionStart { Fields = many }, Cancellation);
        Assert.Equal(2, await store.MergeAsync(session.Id, many, Cancellation));
        Assert.Equal(SessionReplaceOutcome.Replaced, (await store.TryReplaceAsync(session.Id, 2, many, Cancellation)).Outcome);
        Assert.Equal(1000, (await store.GetAsync(session.Id, Cancellation))!.Fields.Count);
        Assert.Equal(4, await store.MergeAsync(session.Id, none, Cancellation));
        Assert.Empty((await store.GetAsync(session.Id, Cancellation))!.Fields);
    }

    [Theory]
    [InlineData("")]
    [InlineData("a\nb")]
    public async Task Texts_that_break_the_rules_are_refused_with_the_rule(string text)
    {
        await using var host = await StartAsync();
        var store = host.Get<ISessionStore>();

        Assert.Contains("1 to 128", Assert.Throws<ArgumentException>(() => new SessionChanges().Set(text, "x")).Message, StringComparison.Ordinal);
        Assert.Contains(
            "1 to 256",
            (await Assert.ThrowsAsync<ArgumentException>(() => store.CreateAsync(new SessionStart { UserId = text }, Cancellation))).Message,
            StringComparison.Ordinal);
        Assert.Contains(
            "1 to 512",
            (await Assert.ThrowsAsync<ArgumentException>(() => store.CreateAsync(new SessionStart { Device = text }, Cancellation))).Message,
            StringComparison.Ordinal);
        await Assert.ThrowsAsync<ArgumentException>(() => store.ListOfUserAsync(text, cancellationToken: Cancellation));
        await Assert.ThrowsAsync<ArgumentException>(() => store.RevokeAllOfUserAsync(text, cancellationToken: Cancellation));
        await Assert.ThrowsAsync<ArgumentException>(() => store.RegenerateIdAsync("id", text, Cancellation));
    }

    [Fact]
    public async Task A_long_device_may_be_in_any_script()
    {
        await using var host = await StartAsync();
        var device = new string('\u4e2d', 510) + "\U0001F600";

        var session = await host.Get<ISessionStore>().CreateAsync(new SessionStart { Device = device }, Cancellation);

        Assert.Equal(device, session.Device);
    }

    [Fact]
    public void Texts_that_would_not_come_back_as_they_were_are_refused()
    {
        // Half of a surrogate pair.
        Assert.Throws<ArgumentException>(() => new SessionChanges().Set("\ud800", "x"));
        Assert.Throws<ArgumentException>(() => new SessionChanges().Remove("\ud800"));
    }

    [Fact]
    public async Task Names_of_fields_cannot_touch_what_the_session_says_of_itself()
    {
        await using var host = await StartAsync();
        var store = host.Get<ISessionStore>();
        var names = new[] { "s", "v", "c", "e", "l", "u", "d", "b", "i", "k", ":", "::", "ü" };
        var changes = new SessionChanges();
        foreach (var name in names)
        {
            changes.Set(name, name);
        }

        var session = await store.CreateAsync(new SessionStart { UserId = "42", Fields = changes }, Cancellation);
        await store.MergeAsync(session.Id, changes, Cancellation);
        var read = await store.GetAsync(session.Id, Cancellation);

        Assert.Equal("42", read!.UserId);
        Assert.Equal(names.Order(), read.Fields.Keys.Order());
        Assert.All(read.Fields, field => Assert.Equal(field.Key, Encoding.UTF8.GetString(field.Value.Span)));
    }

    private Task<RealtimeHost> StartAsync(Action<SessionStoreOptions>? configure = null) =>
        RealtimeHost.StartAsync(fixture.Servers, builder => builder.AddSessions(configure));
}
