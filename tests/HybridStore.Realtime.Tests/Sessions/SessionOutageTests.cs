using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace HybridStore.Realtime.Tests.Sessions;

/// <summary>Without a copy.</summary>
public class SessionOutageTests(OwnServersFixture fixture) : IClassFixture<OwnServersFixture>
{
    private static readonly TimeSpan Timeout = TimeSpan.FromMilliseconds(300);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task While_Redis_is_stopped_everything_says_so_and_afterwards_works_again()
    {
        await using var host = await StartAsync();
        var store = host.Get<ISessionStore>();
        var session = await store.CreateAsync(new SessionStart { UserId = "42" }, Cancellation);
        fixture.Servers.Redis.Proxy.Cut();
        try
        {
            foreach (var call in CallsOf(store, session))
            {
                await Assert.ThrowsAsync<SessionStoreUnavailableException>(call);
            }
        }
        finally
        {
            fixture.Servers.Redis.Proxy.Restore();
        }

        await Eventually.SucceedsAsync<SessionStoreUnavailableException, Session?>(() => store.GetAsync(session.Id, Cancellation));
        Assert.NotNull(await store.GetAsync(session.Id, Cancellation));
    }

    [Fact]
    public async Task A_Redis_that_does_not_answer_holds_nobody_for_longer_than_the_time_out()
    {
        await using var host = await StartAsync();
        var store = host.Get<ISessionStore>();
        var session = await store.CreateAsync(new SessionStart { UserId = "42" }, Cancellation);
        await fixture.Servers.Redis.PauseAsync(Cancellation);
        try
        {
            var begun = Stopwatch.GetTimestamp();
            var error = await Assert.ThrowsAsync<SessionStoreUnavailableException>(() => store.GetAsync(session.Id, Cancellation));

            Assert.InRange(Stopwatch.GetElapsedTime(begun), Timeout * 0.9, Timeout + TimeSpan.FromSeconds(3));
            Assert.NotNull(error.InnerException);
        }
        finally
        {
            await fixture.Servers.Redis.ResumeAsync(Cancellation);
        }
    }

    [Fact]
    public async Task Whoever_reads_a_session_again_waits_for_no_second_time_out()
    {
        var time = new FakeTimeProvider();
        await using var host = await RealtimeHost.StartAsync(
            fixture.Servers,
            builder => builder.AddSessions(),
            options => options.CircuitBreaker.FailureThreshold = 1000,
            time: time);
        var store = host.Get<ISessionStore>();
        var session = await store.CreateAsync(cancellationToken: Cancellation);
        Assert.NotNull(await store.GetAsync(session.Id, Cancellation));
        await fixture.Servers.Redis.PauseAsync(Cancellation);
        try
        {
            var calls = Enumerable.Range(0, 10).Select(_ => store.GetAsync(session.Id, Cancellation)).ToArray();
            time.Advance(host.Root.Links.For(new SessionStoreOptions()).Timeout);

            // No more time passes: a second wait would have no end.
            foreach (var call in calls)
            {
                await Assert.ThrowsAsync<SessionStoreUnavailableException>(() => call.WaitAsync(TimeSpan.FromSeconds(30), Cancellation));
            }
        }
        finally
        {
            await fixture.Servers.Redis.ResumeAsync(Cancellation);
        }
    }

    [Fact]
    public async Task A_Redis_that_has_lost_everything_has_no_sessions_and_takes_new_ones()
    {
        await using var host = await StartAsync();
        var store = host.Get<ISessionStore>();
        var session = await store.CreateAsync(new SessionStart { UserId = "42" }, Cancellation);
        await fixture.Servers.Redis.FlushAsync();

        Assert.Null(await store.GetAsync(session.Id, Cancellation));
        Assert.Empty(await store.ListOfUserAsync("42", cancellationToken: Cancellation));
        var other = await store.CreateAsync(new SessionStart { UserId = "42" }, Cancellation);
        Assert.NotNull(await store.GetAsync(other.Id, Cancellation));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_container_can_be_disposed_synchronously(bool copy)
    {
        var services = new ServiceCollection();
        services.AddHybridStore(options =>
        {
            options.PostgresConnectionString = fixture.Servers.Postgres.ConnectionString;
            options.RedisConnectionString = fixture.Servers.Redis.ConnectionString;
        }).AddSessions(options => options.PostgresCopy = copy);
        var provider = services.BuildServiceProvider();
        Assert.NotNull(provider.GetRequiredService<ISessionStore>());

        provider.Dispose();
    }

    private static IEnumerable<Func<Task>> CallsOf(ISessionStore store, Session session) =>
    [
        () => store.GetAsync(session.Id, Cancellation),
        () => store.CreateAsync(cancellationToken: Cancellation),
        () => store.MergeAsync(session.Id, new SessionChanges().Set("a", "1"), Cancellation),
        () => store.TryReplaceAsync(session.Id, 1, new SessionChanges(), Cancellation),
        () => store.RegenerateIdAsync(session.Id, cancellationToken: Cancellation),
        () => store.RevokeAsync(session.Id, Cancellation),
        () => store.RevokeByHandleAsync("42", session.Handle, Cancellation),
        () => store.ListOfUserAsync("42", cancellationToken: Cancellation),
        () => store.RevokeAllOfUserAsync("42", cancellationToken: Cancellation),
    ];

    private Task<RealtimeHost> StartAsync() => RealtimeHost.StartAsync(
        fixture.Servers,
        builder => builder.AddSessions(),
        options => options.RedisTimeout = Timeout);
}
