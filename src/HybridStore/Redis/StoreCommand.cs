using HybridStore.Fencing;
using StackExchange.Redis;

namespace HybridStore.Redis;

/// <summary>What <c>store.lua</c> is asked to store.</summary>
/// <param name="Key">The key.</param>
/// <param name="Entry">Header and payload.</param>
/// <param name="TimeToLive">How long it may be served.</param>
/// <param name="Tags">Its tags.</param>
/// <param name="Lease">The lease under which it was loaded.</param>
/// <param name="Stamp">The snapshot under which it was loaded, in full; null if none is known.</param>
/// <param name="IsStamped">Whether all of it was loaded under that snapshot.</param>
/// <param name="IsFromStandby">Whether any of it was loaded on a standby.</param>
/// <param name="BootMark">What database counted the ids of the stamp.</param>
/// <param name="IsOfPrimaryAlone">Whether the stamp is a snapshot of the primary's that is younger than the lease.</param>
/// <param name="Grace">How long it is kept past its time to live, for callers whose load fails.</param>
internal sealed record StoreCommand(
    string Key,
    ReadOnlyMemory<byte> Entry,
    TimeSpan TimeToLive,
    IReadOnlyList<string> Tags,
    Lease Lease,
    SnapshotStamp? Stamp,
    bool IsStamped,
    bool IsFromStandby,
    BootMark BootMark = default,
    bool IsOfPrimaryAlone = false,
    TimeSpan Grace = default)
{
    public RedisKey[] Keys(RedisLayout layout, int partition)
    {
        var keys = new RedisKey[3 + (2 * Tags.Count)];
        keys[0] = Lease.Generation.Entry(partition, Key);
        keys[1] = layout.Guard(partition, Key);
        keys[2] = layout.State(partition);
        for (var i = 0; i < Tags.Count; i++)
        {
            keys[3 + (2 * i)] = Lease.Generation.TagSet(partition, Tags[i]);
            keys[4 + (2 * i)] = layout.TagFences(partition, Tags[i]);
        }

        return keys;
    }

    public RedisValue[] Arguments(FencingTimes times)
    {
        var arguments = new RedisValue[Stamp is null ? 10 : 12 + Stamp.Xip.Length];
        arguments[0] = Entry;
        arguments[1] = Math.Max(1, (long)TimeToLive.TotalMilliseconds);
        arguments[2] = Key;
        arguments[3] = Lease.Token;
        arguments[4] = (long)times.FenceTtl.TotalMilliseconds;
        arguments[5] = Lease.Sequence;
        arguments[6] = (IsStamped ? 1 : 0) + (IsFromStandby ? 2 : 0) + (IsOfPrimaryAlone ? 4 : 0);
        arguments[7] = Lease.Generation.Text;
        arguments[8] = BootMark.Text;
        arguments[9] = (long)Grace.TotalMilliseconds;
        if (Stamp is not null)
        {
            arguments[10] = TransactionIds.Text(Stamp.Xmin);
            arguments[11] = TransactionIds.Text(Stamp.Xmax);
            for (var i = 0; i < Stamp.Xip.Length; i++)
            {
                arguments[12 + i] = TransactionIds.Text(Stamp.Xip[i]);
            }
        }

        return arguments;
    }
}
