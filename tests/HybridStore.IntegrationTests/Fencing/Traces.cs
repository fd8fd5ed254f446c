using System.Globalization;
using HybridStore.Redis;

namespace HybridStore.IntegrationTests.Fencing;

/// <summary>
/// The orders of events that the checks in the scripts are there for, one each. All end after an invalidation of version 1 (or 2) has been
/// applied, and return the version that Redis then holds: null, or a new one. With the check cut out they return an old one.
/// </summary>
internal static class Traces
{
    /// <summary>A lease has ended, and somebody else has it now: the first load of the two stores.</summary>
    public static async Task<int?> LeaseTakenOverAsync(Race race)
    {
        var older = await race.HoldAsync(race.First);
        await race.EndLeaseAsync();
        await race.CommitAsync(1);
        await Race.InvalidateKeyAsync(race.Second, null);
        var younger = race.HoldBeforeReading(race.Second);
        await younger.Begun;

        await older.EndAsync();
        var held = await race.CachedAsync();
        await younger.EndAsync();
        return held;
    }

    /// <summary>The guard, and with it all trace of the invalidation, is lost before the load stores.</summary>
    public static async Task<int?> GuardLostAsync(Race race)
    {
        var read = await race.HoldAsync(race.First);
        await Race.InvalidateKeyAsync(race.Second, await race.CommitAsync(1));
        await race.Redis.KeyDeleteAsync(race.Guard);

        await read.EndAsync();
        return await race.CachedAsync();
    }

    /// <summary>A load lasts until the fence of its tag has been forgotten.</summary>
    public static async Task<int?> FenceForgottenAsync(Race race)
    {
        var read = await race.HoldAsync(race.First);
        await Race.InvalidateTagAsync(race.Second, await race.CommitAsync(1));
        await race.PretendFenceTtlHasPassedAsync();
        await race.Redis.KeyDeleteAsync(race.TagFences);

        await read.EndAsync();
        return await race.CachedAsync();
    }

    /// <summary>An invalidation comes before its commit can be seen, and a load between the two.</summary>
    public static async Task<int?> InvalidatedBeforeVisibleAsync(Race race)
    {
        await using var write = await race.BeginWriteAsync(1);
        await Race.InvalidateKeyAsync(race.Second, write.Xid);
        var read = await race.HoldAsync(race.First);
        await write.CommitAsync();

        await read.EndAsync();
        return await race.CachedAsync();
    }

    /// <summary>A tag is invalidated while a load that belongs to it runs: its key is no member yet.</summary>
    public static async Task<int?> TagInvalidatedMeanwhileAsync(Race race, bool knowsXid, LoadPath path = LoadPath.Query)
    {
        var read = await race.HoldAsync(race.First, path);
        var xid = await race.CommitAsync(1);
        await Race.InvalidateTagAsync(race.Second, knowsXid ? xid : null);

        await read.EndAsync();
        return await race.CachedAsync();
    }

    /// <summary>The same invalidation of a tag comes again after a fresh load, then the next one.</summary>
    public static async Task<int?> TagInvalidatedAgainAsync(Race race)
    {
        var xid = await race.CommitAsync(1);
        await Race.InvalidateTagAsync(race.Second, xid);
        Assert.Equal(1, await race.ReadAsync(race.First));
        await Race.InvalidateTagAsync(race.Second, xid);
        Assert.Equal(1, await race.CachedAsync());

        await Race.InvalidateTagAsync(race.Second, await race.CommitAsync(2));
        return await race.CachedAsync();
    }

    /// <summary>More writes than a guard has room for, the oldest of which commits last.</summary>
    public static async Task<int?> FencesFoldedAsync(Race race)
    {
        await using var write = await race.BeginWriteAsync(1);
        await Race.InvalidateKeyAsync(race.Second, write.Xid);
        for (var more = 0; more < RedisInvalidations.ExactFences + 8; more++)
        {
            await Race.InvalidateKeyAsync(race.Second, await race.CommitAsync(more, item: 2));
        }

        Assert.False(await race.Redis.HashExistsAsync(race.Guard, write.Xid.ToString(CultureInfo.InvariantCulture)));
        var read = await race.HoldAsync(race.First);
        await write.CommitAsync();

        await read.EndAsync();
        return await race.CachedAsync();
    }
}
