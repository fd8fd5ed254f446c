using HybridStore.Realtime.Redis;
using HybridStore.Realtime.Snapshots;
using StackExchange.Redis;

namespace HybridStore.Realtime.UserStates;

/// <summary>User state in snapshots: of each field the JSON.</summary>
internal sealed class UserStateKind(RedisLink link, string prefix) : SnapshotKind(link, prefix)
{
    public override string Name => "user-state";

    public override char Letter => GroupOfUser.Letter;

    public override async Task<SnapshotReading?> ReadAsync(string name, IReadOnlyList<byte[]> fields, CancellationToken cancellationToken)
    {
        var answer = (await Link.EvaluateAsync(
            UserStateOperations.Snapshot,
            UserStateScripts.Read,
            [GroupOf(name).Hash],
            [.. fields.Select(field => (RedisValue)field)],
            cancellationToken).ConfigureAwait(false)).OrNothing(UserStateOperations.Service);
        if (answer is null or { IsNull: true })
        {
            return null;
        }

        var parts = (RedisResult[])answer!;
        return new SnapshotReading(
            LeftOf((long)parts[0]),
            [.. fields.Select((field, index) => new SnapshotEntry(field, null, (byte[]?)parts[index + 1]))]);
    }

    public override async Task<string?> IncarnationOfAsync(string name, CancellationToken cancellationToken) =>
        (await Link.ExecuteAsync(
            UserStateOperations.Snapshot,
            GroupOf(name).Hash,
            static (session, key) => session.Database.HashGetAsync(key, RedisValue.EmptyString, CommandFlags.DemandMaster),
            GroupOf(name).Hash,
            cancellationToken).ConfigureAwait(false)).OrNothing(UserStateOperations.Service);

    public override async IAsyncEnumerable<List<SnapshotEntry>> ScanAsync(
        string name, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var page in RedisScan.OfHashAsync(Link, UserStateOperations.Snapshot, GroupOf(name).Hash, cancellationToken)
            .ConfigureAwait(false))
        {
            yield return [.. page.Where(entry => entry.Field.Length > 0)];
        }
    }

    public override async Task StageAsync(
        string name, string token, IReadOnlyList<SnapshotEntry> entries, CancellationToken cancellationToken)
    {
        var arguments = new RedisValue[1 + (2 * entries.Count)];
        arguments[0] = StagedMilliseconds;
        for (var index = 0; index < entries.Count; index++)
        {
            arguments[(2 * index) + 1] = entries[index].Field;
            arguments[(2 * index) + 2] = entries[index].Value;
        }

        (await Link.EvaluateAsync(
            UserStateOperations.Restore, UserStateScripts.Stage, [GroupOf(name).Staged(token)], arguments, cancellationToken)
            .ConfigureAwait(false)).OrThrow(UserStateOperations.Service);
    }

    public override async Task<bool> AdoptAsync(string name, string token, StagedEntries staged, CancellationToken cancellationToken)
    {
        var group = GroupOf(name);
        var answer = (await Link.EvaluateAsync(
            UserStateOperations.Restore,
            UserStateScripts.Adopt,
            [group.Hash, group.Staged(token)],
            [staged.Count, (long)(staged.Left?.TotalMilliseconds ?? 0)],
            cancellationToken).ConfigureAwait(false)).OrThrow(UserStateOperations.Service);
        return (int)answer == 1;
    }

    private GroupOfUser GroupOf(string name) => new(Prefix, name, hasSnapshots: true);
}
