using Microsoft.Extensions.DependencyInjection;

namespace HybridStore.Realtime.Tests.Sessions;

[Collection<ClusterDefinition>]
public class SessionClusterTests(ServersFixture fixture, ClusterFixture cluster)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Everything_works_on_a_cluster(bool copy)
    {
        await using var host = await RealtimeHost.StartAsync(
            fixture.Servers, builder => builder.AddSessions(options => options.PostgresCopy = copy), redis: cluster.Cluster.ConnectionString);
        var store = host.Get<ISessionStore>();
        var sessions = new List<Session>();
        for (var count = 0; count < 20; count++)
        {
            sessions.Add(await store.CreateAsync(new SessionStart { UserId = "42" }, Cancellation));
        }

        foreach (var session in sessions)
        {
            Assert.NotNull(await store.GetAsync(session.Id, Cancellation));
            Assert.Equal(2, await store.MergeAsync(session.Id, new SessionChanges().Set("a", "1"), Cancellation));
            Assert.Equal(
                SessionReplaceOutcome.Replaced,
                (await store.TryReplaceAsync(session.Id, 2, new SessionChanges().Set("b", "1"), Cancellation)).Outcome);
        }

        var regenerated = await store.RegenerateIdAsync(sessions[0].Id, "43", Cancellation);
        Assert.Equal(["b"], regenerated!.Fields.Keys);
        Assert.True(await store.RevokeAsync(sessions[1].Id, Cancellation));
        Assert.True(await store.RevokeByHandleAsync("42", sessions[2].Handle, Cancellation));
        Assert.Equal(17, (await store.ListOfUserAsync("42", sessions[3].Id, Cancellation)).Count);
        Assert.Equal(16, await store.RevokeAllOfUserAsync("42", sessions[3].Id, Cancellation));
        Assert.NotNull(await store.GetAsync(sessions[3].Id, Cancellation));
        Assert.NotNull(await store.GetAsync(regenerated.Id, Cancellation));
        foreach (var session in sessions.Where((_, index) => index != 3))
        {
            Assert.Null(await store.GetAsync(session.Id, Cancellation));
        }
    }
}
