using Microsoft.Extensions.DependencyInjection;

namespace HybridStore.Realtime.Tests.Readme;

/// <summary>What the README shows of leaderboards, user state and snapshots, compiled.</summary>
public class LeaderboardSnippets(ServersFixture fixture)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_snippets_of_the_readme_do_what_they_say()
    {
        await using var host = await RealtimeHost.StartAsync(fixture.Servers, Register);
        await RankAsync(host.Get<ILeaderboards>(), Cancellation);
        await KeepAsync(host.Get<IUserState>(), Cancellation);
        Assert.Equal(5, (await host.Get<ISnapshots>().TakeAsync(Cancellation)).Written);
    }

    private static void Register(IHybridStoreBuilder store)
    {
        // readme: snapshots
        store.AddLeaderboards(options => options.Expiration = TimeSpan.FromDays(30));
        store.AddUserState();
        store.AddSnapshots(options =>
        {
            options.Interval = TimeSpan.FromMinutes(5);
            options.History = TimeSpan.FromDays(7);

            // What the application writes with a client of its own.
            options.Track("jobs:scheduled", SnapshotStructure.SortedSet);
        });
        // readme: end
    }

    private static async Task RankAsync(ILeaderboards leaderboards, CancellationToken cancellationToken)
    {
        // readme: leaderboard
        var board = leaderboards.Get("bestsellers:2026-11");
        double sold = await board.AddAsync("book:42", 3, cancellationToken);
        bool better = await board.KeepBestAsync("book:43", 2, cancellationToken);
        await board.UpdateAsync([LeaderboardUpdate.Add("book:44", 1), LeaderboardUpdate.Set("book:45", 7)], cancellationToken);

        foreach (LeaderboardEntry entry in await board.TopAsync(10, cancellationToken))
        {
            Console.WriteLine($"{entry.Rank}. {entry.Member}: {entry.Score}");
        }

        LeaderboardEntry? own = await board.RankAsync("book:42", cancellationToken);
        IReadOnlyList<LeaderboardEntry> neighbours = await board.AroundAsync("book:42", before: 2, after: 2, cancellationToken);
        // readme: end
        Assert.True(better);
        Assert.Equal(3, sold);
        Assert.Equal(new LeaderboardEntry("book:42", 3, 2), own);
        Assert.Equal(4, neighbours.Count);
    }

    private static async Task KeepAsync(IUserState state, CancellationToken cancellationToken)
    {
        // readme: user-state
        await state.SetAsync("user:7", Preferences.Theme, "dark", cancellationToken);
        string theme = await state.GetAsync("user:7", Preferences.Theme, cancellationToken);
        await state.UpdateAsync(
            "user:7", Preferences.Group, changes => changes.Set(Preferences.PageSize, 50).Remove(Preferences.Theme), cancellationToken);
        UserStateValues all = await state.GetAllAsync("user:7", Preferences.Group, cancellationToken);
        // readme: end
        Assert.Equal("dark", theme);
        Assert.Equal(50, all.Get(Preferences.PageSize));
    }

    // readme: user-state-fields
    private static class Preferences
    {
        // Without an expiry; a device fingerprint would be new("devices", TimeSpan.FromDays(90)).
        public static readonly UserStateGroup Group = new("preferences");
        public static readonly UserStateField<string> Theme = Group.Field("theme", defaultValue: "light");
        public static readonly UserStateField<int> PageSize = Group.Field("page-size", defaultValue: 20);
    }

    // readme: end
}
