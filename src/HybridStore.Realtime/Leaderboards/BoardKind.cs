using System.Runtime.CompilerServices;
using System.Text;
using HybridStore.Realtime.Redis;
using HybridStore.Realtime.Snapshots;
using StackExchange.Redis;

namespace HybridStore.Realtime.Leaderboards;

/// <summary>Boards in snapshots: of each member the score, and as its value the arrival, which keeps the order of equal scores.</summary>
internal sealed class BoardKind(RedisLink link, string prefix) : SnapshotKind(link, prefix)
{
    private const string Incarnation = "\u0001";

    // Of a board whose expiry somebody has taken off: until its next change.
    private static readonly TimeSpan LongestLife = TimeSpan.FromDays(30);

    public override string Name => "board";

    public override char Letter => Board.Letter;

    public override async Task<SnapshotReading?> ReadAsync(string name, IReadOnlyList<byte[]> fields, CancellationToken cancellationToken)
    {
        var answer = (await Link.EvaluateAsync(
            BoardOperations.Snapshot, BoardScripts.Read, BoardOf(name).Both, [.. fields.Select(field => (RedisValue)field)], cancellationToken)
            .ConfigureAwait(false)).OrNothing(BoardOperations.Service);
        if (answer is null or { IsNull: true })
        {
            return null;
        }

        var parts = (RedisResult[])answer!;
        var entries = new List<SnapshotEntry>(fields.Count);
        for (var index = 0; index < fields.Count; index++)
        {
            var arrival = (byte[])parts[(2 * index) + 1]!;
            entries.Add(arrival.Length == 0
                ? new SnapshotEntry(fields[index], null, null)
                : new SnapshotEntry(fields[index], BoardScores.Read(BoardEntries.Bytes(parts[(2 * index) + 2])), arrival));
        }

        return new SnapshotReading(LeftOf((long)parts[0]), entries);
    }

    public override async Task<string?> IncarnationOfAsync(string name, CancellationToken cancellationToken) =>
        (await Link.ExecuteAsync(
            BoardOperations.Snapshot,
            BoardOf(name).Members,
            static (session, key) => session.Database.HashGetAsync(key, Incarnation, CommandFlags.DemandMaster),
            BoardOf(name).Members,
            cancellationToken).ConfigureAwait(false)).OrNothing(BoardOperations.Service);

    public override async IAsyncEnumerable<List<SnapshotEntry>> ScanAsync(
        string name, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var page in RedisScan.OfSortedSetAsync(Link, BoardOperations.Snapshot, BoardOf(name).Scores, cancellationToken)
            .ConfigureAwait(false))
        {
            yield return [.. page.Where(entry => entry.Field.Length > BoardEntries.ArrivalLength).Select(entry => new SnapshotEntry(
                entry.Field[BoardEntries.ArrivalLength..], entry.Score, entry.Field[..BoardEntries.ArrivalLength]))];
        }
    }

    public override async Task StageAsync(
        string name, string token, IReadOnlyList<SnapshotEntry> entries, CancellationToken cancellationToken)
    {
        var arguments = new RedisValue[1 + (3 * entries.Count)];
        arguments[0] = StagedMilliseconds;
        for (var index = 0; index < entries.Count; index++)
        {
            arguments[(3 * index) + 1] = entries[index].Field;
            arguments[(3 * index) + 2] = entries[index].Value;
            arguments[(3 * index) + 3] = BoardScores.TextOf(entries[index].Score ?? 0);
        }

        (await Link.EvaluateAsync(BoardOperations.Restore, BoardScripts.Stage, BoardOf(name).Staged(token), arguments, cancellationToken)
            .ConfigureAwait(false)).OrThrow(BoardOperations.Service);
    }

    public override async Task<bool> AdoptAsync(string name, string token, StagedEntries staged, CancellationToken cancellationToken)
    {
        var board = BoardOf(name);
        var answer = (await Link.EvaluateAsync(
            BoardOperations.Restore,
            BoardScripts.Adopt,
            [.. board.Both, .. board.Staged(token)],
            [staged.Count, (long)(staged.Left ?? LongestLife).TotalMilliseconds, LastArrivalOf(staged)],
            cancellationToken).ConfigureAwait(false)).OrThrow(BoardOperations.Service);
        return (int)answer == 1;
    }

    private static string LastArrivalOf(StagedEntries staged)
    {
        if (staged.GreatestValue is not { } greatest || staged.LeastValue is not { } least)
        {
            return "-";
        }

        // They count up from 0, or down.
        return Encoding.ASCII.GetString(greatest[0] == '0' ? greatest : least);
    }

    private Board BoardOf(string name) => new(Prefix, name, LeaderboardOrder.HighestFirst, hasSnapshots: true);
}
