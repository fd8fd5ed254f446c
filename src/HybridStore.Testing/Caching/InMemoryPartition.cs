using System.Diagnostics.CodeAnalysis;
using HybridStore.Fencing;
using HybridStore.Redis;
using HybridStore.Redis.Generations;

namespace HybridStore.Testing.Caching;

/// <summary>
/// What Redis holds for a store with one partition, under the rules of its scripts (lease.lua, store.lua, invalidate.lua): leases, fences,
/// tags, generations. So a load that an invalidation has overtaken is not cached here either. Thread-safe.
/// </summary>
internal sealed class InMemoryPartition(TimeProvider timeProvider, TimeSpan fenceTtl, TimeSpan leaseDuration)
{
    private readonly RedisLayout _layout = new("memory", 1);
    private readonly Lock _lock = new();
    private readonly Dictionary<string, CachedEntry> _entries = new(StringComparer.Ordinal);
    private readonly Dictionary<string, KeyGuard> _guards = new(StringComparer.Ordinal);
    private readonly Dictionary<string, TagState> _tags = new(StringComparer.Ordinal);
    private Generation? _generation;
    private BootMark _bootMark;
    private (ulong Write, long Until)? _floor;
    private long _sequence;
    private ulong _highest;

    private Generation Generation => _generation ??= new Generation(_layout, 1);

    /// <summary>Milliseconds since the Unix epoch.</summary>
    public long Now => timeProvider.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>The number of its generation.</summary>
    public long Number
    {
        get
        {
            lock (_lock)
            {
                return Generation.Number;
            }
        }
    }

    public byte[]? Read(string key)
    {
        lock (_lock)
        {
            return TryFind(key, Now, out var entry) ? entry.Bytes : null;
        }
    }

    /// <summary>Whether there is an entry that has not expired.</summary>
    public bool Holds(string key)
    {
        lock (_lock)
        {
            return TryFind(key, Now, out var entry) && entry.ExpiresAt > Now;
        }
    }

    public LeaseAnswer Lease(string key, ReadOnlySpan<byte> seen)
    {
        lock (_lock)
        {
            var now = Now;
            if (TryFind(key, now, out var entry) && (seen.IsEmpty || !entry.Bytes.AsSpan().StartsWith(seen)))
            {
                return new LeaseAnswer(null, entry.Bytes);
            }

            return Grant(key, now);
        }
    }

    /// <summary>The same for a write: an entry does not stand in its way.</summary>
    public LeaseAnswer LeaseForWrite(string key)
    {
        lock (_lock)
        {
            return Grant(key, Now);
        }
    }

    public bool Release(string key, Lease lease)
    {
        lock (_lock)
        {
            var isHeld = GuardOf(key).IsHeldBy(lease.Token);
            if (isHeld)
            {
                GuardOf(key).Revoke();
            }

            return isHeld;
        }
    }

    public RenewAnswer Renew(string key, Lease lease)
    {
        lock (_lock)
        {
            var guard = GuardOf(key);
            if (!guard.IsHeldBy(lease.Token))
            {
                return RenewAnswer.Lost;
            }

            var now = Now;
            var last = guard.GrantedAt + (long)fenceTtl.TotalMilliseconds;
            if (now >= last)
            {
                return RenewAnswer.TooLate;
            }

            guard.Extend(Math.Min(now + (long)leaseDuration.TotalMilliseconds, last));
            return RenewAnswer.Renewed;
        }
    }

    public StoreAnswer Store(StoreCommand command)
    {
        lock (_lock)
        {
            var guard = GuardOf(command.Key);
            if (!guard.IsHeldBy(command.Lease.Token))
            {
                return StoreAnswer.LeaseLost;
            }

            var now = Now;
            var answer = Judge(command, guard, now);
            guard.Revoke();
            if (answer == StoreAnswer.Stored)
            {
                _bootMark = _bootMark.Value is null ? command.BootMark : _bootMark;
                _entries[command.Key] = CachedEntry.Of(
                    command.Entry.Span, command.TimeToLive, command.Grace, command.Tags, now);
            }
            else if (answer == StoreAnswer.OtherDatabase)
            {
                // Nothing that is there can be compared with it.
                RaiseGeneration();
                _bootMark = command.BootMark;
            }

            return answer;
        }
    }

    /// <summary>Stores an entry whatever was invalidated, and takes the lease of whoever loads it.</summary>
    public void Put(string key, ReadOnlySpan<byte> encoded, TimeSpan timeToLive, TimeSpan grace, IReadOnlyList<string> tags)
    {
        lock (_lock)
        {
            GuardOf(key).Revoke();
            _entries[key] = CachedEntry.Of(encoded, timeToLive, grace, tags, Now);
        }
    }

    /// <param name="keys">Keys.</param>
    /// <param name="tags">Tags.</param>
    /// <param name="fence">The write where it is known.</param>
    /// <param name="spared">The leases of the write itself, by their keys: they are not revoked.</param>
    public void Invalidate(
        IReadOnlyCollection<string> keys,
        IReadOnlyCollection<string> tags,
        Fence? fence,
        IReadOnlyDictionary<string, Lease>? spared = null)
    {
        lock (_lock)
        {
            if (fence is { BootMark.Value: { } mark } && _bootMark.Value is { } known && mark != known)
            {
                // From another database than the stamps that are there: everything that is named goes.
                fence = fence.Value with { BootMark = BootMark.Unknown };
            }

            var now = Now;
            var until = now + (long)(fence is { IsCommitted: false } ? fenceTtl * 2 : fenceTtl).TotalMilliseconds;
            _sequence++;
            _highest = Math.Max(_highest, fence?.TransactionId ?? 0);
            foreach (var key in keys)
            {
                Invalidate(key, fence, until, spared?.GetValueOrDefault(key));
            }

            foreach (var tag in tags)
            {
                InvalidateTag(tag, fence, until, now);
            }
        }
    }

    /// <param name="floor">The largest id of what may not be visible yet and has to be reflected by all loads from now on.</param>
    public void InvalidateEverything(ulong? floor)
    {
        lock (_lock)
        {
            RaiseGeneration();
            if (floor is { } write)
            {
                _floor = (write, Now + (long)(fenceTtl * 2).TotalMilliseconds);
            }
        }
    }

    /// <summary>What there is to tell about a key.</summary>
    public EntryExplanation Explain(string key)
    {
        lock (_lock)
        {
            var now = Now;
            var entry = TryFind(key, now, out var found) ? found : null;
            var stamp = entry?.Stamp();
            var guard = GuardOf(key);
            return EntryExplanations.Of(key, entry, guard, stamp, now) with
            {
                Tags = [.. (entry?.Tags ?? []).Select(tag => EntryExplanations.Of(tag, TagOf(tag, now), entry!.GoneAt, stamp, now))],
                Partition = new ExplainedPartition
                {
                    RecordedGeneration = Generation.Number,
                    KnownGeneration = Generation.Number,
                    AgeOfProof = TimeSpan.Zero,
                    Sequence = _sequence == 0 ? null : _sequence,
                    HighestTransactionId = _highest == 0 ? null : _highest,
                    BootMark = _bootMark.Value,
                    Floor = _floor?.Write,
                },
            };
        }
    }

    private LeaseAnswer Grant(string key, long now)
    {
        var guard = GuardOf(key);
        var fences = guard.Fences.CountAt(now);
        if (guard.IsHeld(now))
        {
            return new LeaseAnswer(null, default, fences);
        }

        var token = Fencing.Lease.NewToken();
        guard.Grant(token, now, now + (long)leaseDuration.TotalMilliseconds);
        return new LeaseAnswer(new Lease(token, _sequence, Generation, High: _highest) { Fences = fences }, default, fences);
    }

    private StoreAnswer Judge(StoreCommand command, KeyGuard guard, long now)
    {
        if (command.Lease.Generation != Generation)
        {
            return StoreAnswer.OtherGeneration;
        }

        if (now - guard.GrantedAt >= fenceTtl.TotalMilliseconds)
        {
            return StoreAnswer.TooLate;
        }

        if (command.BootMark.Value is { } mark && _bootMark.Value is { } known && mark != known)
        {
            return StoreAnswer.OtherDatabase;
        }

        var isBelowFloor = _floor is { } floor && floor.Until > now && !(command.IsStamped && floor.Write < command.Stamp!.Xmin);
        if (isBelowFloor || !guard.Fences.AreReflectedBy(command, now))
        {
            return StoreAnswer.Fenced;
        }

        foreach (var tag in command.Tags)
        {
            var state = TagOf(tag, now);
            var last = command.IsStamped ? state.LastWithoutWrite : state.LastInvalidation;
            if (last > command.Lease.Sequence || !state.Fences.AreReflectedBy(command, now))
            {
                return StoreAnswer.TagFenced;
            }
        }

        return command.IsFromStandby && _highest > 0 && _highest >= (command.Stamp?.Xmin ?? 0)
            ? StoreAnswer.StandbyLags
            : StoreAnswer.Stored;
    }

    private void Invalidate(string key, Fence? fence, long until, Lease? spared)
    {
        var guard = GuardOf(key);
        if (fence is { } write)
        {
            guard.Fences.Add(write, until);
        }

        if (!_entries.TryGetValue(key, out var entry) || !entry.Reflects(fence))
        {
            _entries.Remove(key);
            if (spared is null || !guard.IsHeldBy(spared.Token))
            {
                guard.Revoke();
            }
        }
    }

    private void InvalidateTag(string tag, Fence? fence, long until, long now)
    {
        var state = TagOf(tag, now);
        state.LastInvalidation = _sequence;
        state.Until = Math.Max(state.Until, until);
        if (fence is { } write)
        {
            state.Fences.Add(write, until);
        }

        if (fence is not { BootMark.Value: not null })
        {
            state.LastWithoutWrite = _sequence;
        }

        foreach (var (key, entry) in _entries)
        {
            if (entry.Tags.Contains(tag) && !entry.Reflects(fence))
            {
                _entries.Remove(key);
            }
        }
    }

    private void RaiseGeneration()
    {
        _generation = new Generation(_layout, Generation.Number + 1);
        _entries.Clear();
        _bootMark = BootMark.Unknown;
    }

    private bool TryFind(string key, long now, [NotNullWhen(true)] out CachedEntry? entry)
    {
        if (_entries.TryGetValue(key, out entry) && entry.GoneAt <= now)
        {
            _entries.Remove(key);
            entry = null;
        }

        return entry is not null;
    }

    private KeyGuard GuardOf(string key)
    {
        if (!_guards.TryGetValue(key, out var guard))
        {
            _guards[key] = guard = new KeyGuard();
        }

        return guard;
    }

    private TagState TagOf(string tag, long now)
    {
        if (!_tags.TryGetValue(tag, out var state) || state.Until <= now)
        {
            _tags[tag] = state = new TagState();
        }

        return state;
    }
}
