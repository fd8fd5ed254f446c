using System.Net;
using HybridStore.Servers;
using Microsoft.Extensions.DependencyInjection;

namespace HybridStore.Realtime.Tests.AspNetCore;

public sealed class TicketStoreTests(ServersFixture fixture) : IDisposable
{
    private readonly DirectoryInfo _keys = Directory.CreateTempSubdirectory("hybridstore-tests-");
    private readonly string _prefix = RedisServer.NewKeyPrefix().TrimEnd(':');

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_cookie_stays_small_whatever_is_in_its_ticket_and_works_on_all_instances()
    {
        var database = await fixture.Servers.Postgres.CreateDatabaseAsync(Cancellation);
        await using var one = await StartAsync(fixture.Servers, database);
        await using var other = await StartAsync(fixture.Servers, database);
        var (browser, cookies) = WebHost.Browser();
        using (browser)
        {
            Assert.Equal(HttpStatusCode.Unauthorized, (await browser.GetAsync(new Uri(one.Address, "/me"), Cancellation)).StatusCode);
            await browser.GetAsync(new Uri(one.Address, "/sign-in/42"), Cancellation);

            Assert.Equal("42", await browser.GetStringAsync(new Uri(other.Address, "/me"), Cancellation));
            var cookie = Assert.Single(cookies.GetAllCookies());
            Assert.InRange(cookie.Value.Length, 65, 600);
        }
    }

    [Fact]
    public async Task Signing_out_ends_the_session_and_not_the_cookie_alone()
    {
        await using var host = await StartAsync(fixture.Servers, await fixture.Servers.Postgres.CreateDatabaseAsync(Cancellation));
        var (browser, cookies) = WebHost.Browser();
        var (thief, stolen) = WebHost.Browser();
        using (browser)
        using (thief)
        {
            await browser.GetAsync(new Uri(host.Address, "/sign-in/42"), Cancellation);
            stolen.Add(cookies.GetAllCookies());
            await browser.GetAsync(new Uri(host.Address, "/sign-out"), Cancellation);

            Assert.Equal(HttpStatusCode.Unauthorized, (await thief.GetAsync(new Uri(host.Address, "/me"), Cancellation)).StatusCode);
        }
    }

    [Fact]
    public async Task Whoever_signs_the_other_devices_out_stays_signed_in_alone()
    {
        await using var host = await StartAsync(fixture.Servers, await fixture.Servers.Postgres.CreateDatabaseAsync(Cancellation));
        var (desk, _) = WebHost.Browser();
        var (phone, _) = WebHost.Browser();
        using (desk)
        using (phone)
        {
            phone.DefaultRequestHeaders.UserAgent.ParseAdd("Phone/1.0");
            await desk.GetAsync(new Uri(host.Address, "/sign-in/42"), Cancellation);
            await phone.GetAsync(new Uri(host.Address, "/sign-in/42"), Cancellation);
            var listed = await host.Services.GetRequiredService<ISessionStore>().ListOfUserAsync("42", cancellationToken: Cancellation);
            Assert.Equal([null, "Phone/1.0"], listed.Select(info => info.Device).Order());

            Assert.Equal("1", await desk.GetStringAsync(new Uri(host.Address, "/sign-others-out"), Cancellation));

            Assert.Equal("42", await desk.GetStringAsync(new Uri(host.Address, "/me"), Cancellation));
            Assert.Equal(HttpStatusCode.Unauthorized, (await phone.GetAsync(new Uri(host.Address, "/me"), Cancellation)).StatusCode);
        }
    }

    [Fact]
    public async Task Whoever_signs_in_over_the_session_of_another_user_gets_one_of_their_own()
    {
        await using var host = await StartAsync(fixture.Servers, await fixture.Servers.Postgres.CreateDatabaseAsync(Cancellation));
        var (browser, cookies) = WebHost.Browser();
        var (thief, stolen) = WebHost.Browser();
        using (browser)
        using (thief)
        {
            await browser.GetAsync(new Uri(host.Address, "/sign-in/42"), Cancellation);
            await browser.GetAsync(new Uri(host.Address, "/sign-in/42"), Cancellation);
            Assert.Equal("42", await browser.GetStringAsync(new Uri(host.Address, "/me"), Cancellation));
            stolen.Add(cookies.GetAllCookies());

            var refused = await browser.GetAsync(new Uri(host.Address, "/sign-in/43"), Cancellation);
            Assert.Equal(HttpStatusCode.InternalServerError, refused.StatusCode);
            await browser.GetAsync(new Uri(host.Address, "/sign-in/43"), Cancellation);

            Assert.Equal("43", await browser.GetStringAsync(new Uri(host.Address, "/me"), Cancellation));
            Assert.Equal(HttpStatusCode.Unauthorized, (await thief.GetAsync(new Uri(host.Address, "/me"), Cancellation)).StatusCode);
            var sessions = host.Services.GetRequiredService<ISessionStore>();
            Assert.Single(await sessions.ListOfUserAsync("43", cancellationToken: Cancellation));
            Assert.Empty(await sessions.ListOfUserAsync("42", cancellationToken: Cancellation));
        }
    }

    [Fact]
    public async Task A_ticket_that_cannot_be_read_signs_nobody_in()
    {
        await using var host = await StartAsync(fixture.Servers, await fixture.Servers.Postgres.CreateDatabaseAsync(Cancellation));
        var (browser, _) = WebHost.Browser();
        using (browser)
        {
            await browser.GetAsync(new Uri(host.Address, "/sign-in/42"), Cancellation);
            var store = host.Services.GetRequiredService<Microsoft.Extensions.Options.IOptionsMonitor<
                Microsoft.AspNetCore.Authentication.Cookies.CookieAuthenticationOptions>>().Get("Cookies").SessionStore!;
            var sessions = host.Services.GetRequiredService<ISessionStore>();
            var foreign = await sessions.CreateAsync(
                new SessionStart { Fields = new SessionChanges().Set("ticket", "not protected") }, Cancellation);
            var empty = await sessions.CreateAsync(cancellationToken: Cancellation);

            Assert.Null(await store.RetrieveAsync(foreign.Id, Cancellation));
            Assert.Null(await store.RetrieveAsync(empty.Id, Cancellation));
            Assert.Null(await store.RetrieveAsync("unknown", Cancellation));
        }
    }

    [Fact]
    public async Task Values_of_the_session_middleware_are_shared_by_all_instances()
    {
        var database = await fixture.Servers.Postgres.CreateDatabaseAsync(Cancellation);
        await using var one = await StartAsync(fixture.Servers, database);
        await using var other = await StartAsync(fixture.Servers, database);
        var (browser, _) = WebHost.Browser();
        using (browser)
        {
            Assert.Equal("1", await browser.GetStringAsync(new Uri(one.Address, "/count"), Cancellation));
            Assert.Equal("2", await browser.GetStringAsync(new Uri(other.Address, "/count"), Cancellation));
            Assert.Equal("3", await browser.GetStringAsync(new Uri(one.Address, "/count"), Cancellation));
        }
    }

    public void Dispose() => _keys.Delete(recursive: true);

    private Task<WebHost> StartAsync(TestServers servers, string database) => WebHost.StartAsync(servers, _prefix, _keys, database);
}
