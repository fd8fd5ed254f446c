using System.Globalization;
using HybridStore.Realtime.Redis;
using HybridStore.Redis;
using StackExchange.Redis;

namespace HybridStore.Realtime.Snapshots;

/// <summary>What Redis is asked about structures of the application's.</summary>
internal sealed class TrackedCalls(RedisLink link)
{
    private const string Service = "snapshots";

    private static readonly RedisScript Restore = RealtimeScripts.Load("tracked-restore.lua");
    private static readonly RealtimeOperation Looking = new(Service, "look");
    private static readonly RealtimeOperation Reading = new(Service, "read");
    private static readonly RealtimeOperation Restoring = new(Service, "restore");
    private static readonly RealtimeOperation Marking = new(Service, "mark");

    /// <summary>What is under the key.</summary>
    public Task<RedisType> TypeOfAsync(TrackedKey tracked, CancellationToken cancellationToken) => AskAsync(
        Looking, tracked.Key, static (database, key) => database.KeyTypeAsync(key, CommandFlags.DemandMaster), cancellationToken);

    /// <summary>Whether Redis has lost nothing since a snapshot or a restoration.</summary>
    /// <returns>A mark that is new with each restoration; null if Redis has lost it.</returns>
    public Task<RedisValue> SeenAsync(TrackedKey tracked, CancellationToken cancellationToken) => AskAsync(
        Looking, tracked.SeenKey, static (database, key) => database.StringGetAsync(key, CommandFlags.DemandMaster), cancellationToken);

    public Task MarkSeenAsync(TrackedKey tracked, CancellationToken cancellationToken) => AskAsync(
        Marking,
        tracked.SeenKey,
        static (database, key) => database.StringSetAsync(key, Guid.NewGuid().ToString("N"), flags: CommandFlags.DemandMaster),
        cancellationToken);

    /// <summary>How long it lasts; null for ever.</summary>
    public Task<TimeSpan?> LeftOfAsync(TrackedKey tracked, CancellationToken cancellationToken) => AskAsync(
        Reading, tracked.Key, static (database, key) => database.KeyTimeToLiveAsync(key, CommandFlags.DemandMaster), cancellationToken);

    public IAsyncEnumerable<List<SnapshotEntry>> ScanAsync(TrackedKey tracked, CancellationToken cancellationToken) =>
        tracked.Structure == SnapshotStructure.SortedSet
            ? RedisScan.OfSortedSetAsync(link, Reading, tracked.Key, cancellationToken)
            : RedisScan.OfHashAsync(link, Reading, tracked.Key, cancellationToken);

    /// <summary>Puts some entries back; what is there stays.</summary>
    public async Task RestoreAsync(TrackedKey tracked, TimeSpan? left, List<SnapshotEntry> entries, CancellationToken cancellationToken)
    {
        var arguments = new RedisValue[2 + (2 * entries.Count)];
        arguments[0] = tracked.Structure == SnapshotStructure.SortedSet ? "z" : "h";
        arguments[1] = (long)(left?.TotalMilliseconds ?? 0);
        for (var index = 0; index < entries.Count; index++)
        {
            arguments[2 + (2 * index)] = entries[index].Field;
            arguments[3 + (2 * index)] = entries[index].Score is { } score
                ? score.ToString("R", CultureInfo.InvariantCulture).Replace("Infinity", "inf", StringComparison.Ordinal)
                : entries[index].Value;
        }

        (await link.EvaluateAsync(Restoring, Restore, [tracked.Key], arguments, cancellationToken).ConfigureAwait(false)).OrThrow(Service);
    }

    private async Task<T> AskAsync<T>(
        RealtimeOperation operation, RedisKey key, Func<IDatabase, RedisKey, Task<T>> ask, CancellationToken cancellationToken) =>
        (await link.ExecuteAsync(
            operation, key, static (session, call) => call.ask(session.Database, call.key), (ask, key), cancellationToken)
            .ConfigureAwait(false)).OrThrow(Service);
}
