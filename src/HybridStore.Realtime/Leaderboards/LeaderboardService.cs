using HybridStore.Keys;
using HybridStore.Realtime.Registration;
using HybridStore.Realtime.Snapshots;

namespace HybridStore.Realtime.Leaderboards;

/// <summary>The boards of a store.</summary>
internal sealed class LeaderboardService : ILeaderboards, IRealtimeComponent
{
    private readonly LeaderboardOptions _options;
    private readonly string _prefix;
    private readonly BoardCalls _calls;
    private readonly BoardUpdates _updates;
    private readonly bool _hasSnapshots;

    /// <param name="root">What all services share.</param>
    /// <param name="options">The settings.</param>
    /// <param name="snapshots">Null where no snapshots are taken.</param>
    public LeaderboardService(RealtimeRoot root, LeaderboardOptions options, SnapshotService? snapshots)
    {
        var link = root.Links.For(options);
        _options = options;
        _prefix = options.KeyPrefix ?? link.Prefix;
        var kind = new BoardKind(link, _prefix);
        _hasSnapshots = snapshots is not null;
        _calls = new BoardCalls(link, options, snapshots?.Add(kind), kind, root.TimeProvider);
        _updates = new BoardUpdates(_calls);
    }

    public RealtimeServiceOptions Options => _options;

    public bool IsDurable => true;

    public bool NeedsTables => _hasSnapshots;

    public ILeaderboard Get(string name, LeaderboardOrder order = LeaderboardOrder.HighestFirst)
    {
        KeyRules.ThrowIfInvalidKey(name);
        if (order is not (LeaderboardOrder.HighestFirst or LeaderboardOrder.LowestFirst))
        {
            throw new ArgumentOutOfRangeException(nameof(order), order, "order must be HighestFirst or LowestFirst: pass one of them.");
        }

        return new RedisLeaderboard(_calls, _updates, new Board(_prefix, name, order, _hasSnapshots));
    }

    /// <summary>Boards come into being with their first score.</summary>
    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Nothing is done behind callers; what has changed is in the last snapshot.</summary>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
