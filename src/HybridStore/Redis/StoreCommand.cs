using HybridStore.Fencing;

namespace HybridStore.Redis;

/// <summary>An entry that <c>store.lua</c> is asked to store.</summary>
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
    TimeSpan Grace = default);
