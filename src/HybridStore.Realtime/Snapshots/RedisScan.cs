using System.Runtime.CompilerServices;
using HybridStore.Realtime.Redis;
using StackExchange.Redis;

namespace HybridStore.Realtime.Snapshots;

/// <summary>Walks through a sorted set or a hash page by page. What stays unchanged meanwhile is met at least once.</summary>
internal static class RedisScan
{
    public static IAsyncEnumerable<List<SnapshotEntry>> OfSortedSetAsync(
        RedisLink link, RealtimeOperation operation, RedisKey key, CancellationToken cancellationToken) =>
        ScanAsync(link, operation, "ZSCAN", key, static (name, value) => new SnapshotEntry(name, ScoreOf(value), null), cancellationToken);

    public static IAsyncEnumerable<List<SnapshotEntry>> OfHashAsync(
        RedisLink link, RealtimeOperation operation, RedisKey key, CancellationToken cancellationToken) =>
        ScanAsync(link, operation, "HSCAN", key, static (name, value) => new SnapshotEntry(name, null, (byte[])value!), cancellationToken);

    private static async IAsyncEnumerable<List<SnapshotEntry>> ScanAsync(
        RedisLink link,
        RealtimeOperation operation,
        string command,
        RedisKey key,
        Func<byte[], RedisValue, SnapshotEntry> entryOf,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var cursor = "0";
        do
        {
            var answer = (RedisResult[])(await link.ExecuteAsync(
                operation,
                key,
                static (session, scan) => session.Database.ExecuteAsync(
                    scan.command, [scan.key, scan.cursor, "COUNT", SnapshotKind.ChunkSize], CommandFlags.DemandMaster),
                (command, key, cursor),
                cancellationToken).ConfigureAwait(false)).OrThrow(operation.Service)!;
            cursor = (string)answer[0]!;
            var page = (RedisValue[])answer[1]!;
            var entries = new List<SnapshotEntry>(page.Length / 2);
            for (var index = 0; index < page.Length; index += 2)
            {
                entries.Add(entryOf((byte[])page[index]!, page[index + 1]));
            }

            yield return entries;
        }
        while (cursor != "0");
    }

    private static double ScoreOf(RedisValue score) => (double)score;
}
