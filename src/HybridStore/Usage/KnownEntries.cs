using System.IO.Hashing;
using System.Runtime.InteropServices;
using HybridStore.Diagnostics;
using HybridStore.Redis;
using HybridStore.Serialization;

namespace HybridStore.Usage;

/// <summary>
/// What this process remembers of keys, to tell why an entry is not there, and whether it was ever read: Redis keeps nothing of what is gone.
/// Bounded and lossy: a key has one place, which it shares with others. It is used only where somebody asks for causes or for the report.
/// Thread-safe, without a lock.
/// </summary>
internal sealed class KnownEntries(StoreMetrics metrics, RedisClock clock, TimeProvider timeProvider)
{
    internal const int Places = 16_384;

    // Redis's clock is known to half a round trip, and an entry's own end nearly.
    private const long EndTolerance = 100;

    private readonly KnownEntry?[] _places = new KnownEntry?[Places];

    // Which entry in each place is known to have been read: nearly every hit ends with a look at this. A stale one costs a look at the place.
    private readonly ulong[] _read = new ulong[Places];
    private volatile bool _isWanted;

    /// <summary>Whether anything is remembered.</summary>
    public bool IsUsed => _isWanted || metrics.AsksForCauses;

    /// <summary>Redis's time in milliseconds.</summary>
    // An application in memory has no Redis whose clock could be known: its entries go by the test's.
    public long Now => clock.IsKnown ? clock.Now : timeProvider.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>From here on there is somebody who wants to know, other than by the counter of misses.</summary>
    public void Begin() => _isWanted = true;

    /// <summary>Whether it is remembered that this entry was read, so that there is nothing to add.</summary>
    public bool HasRead(string key, long createdAt)
    {
        var hash = HashOf(key);
        return Volatile.Read(ref _read[hash % Places]) == MarkOf(hash, createdAt);
    }

    /// <summary>An entry was read.</summary>
    /// <param name="key">The key.</param>
    /// <param name="policy">The policy.</param>
    /// <param name="header">The entry's.</param>
    /// <param name="generation">The generation that was read in.</param>
    /// <param name="now">Redis's time in milliseconds, if it is known.</param>
    public void Hit(string key, PolicyMeter policy, in EntryHeader header, long generation, long? now)
    {
        var hash = HashOf(key);
        ref var place = ref _places[hash % Places];
        var known = Volatile.Read(ref place);
        if (known?.KeyHash == hash)
        {
            if (known.IsSameEntry(header.CreatedAt))
            {
                var read = known with { CreatedAt = header.CreatedAt, ExpiresAt = header.ExpiresAt, WasRead = true, IsInvalidated = false };
                if (Interlocked.CompareExchange(ref place, read, known) == known)
                {
                    Mark(hash, header.CreatedAt);
                }

                return;
            }
        }
        else if (known is not null && !known.IsOver(now ?? Now))
        {
            // Who came first stays until its entry is over: keys that share a place would otherwise push each other out at each read.
            return;
        }

        var found = new KnownEntry(hash, policy, header.CreatedAt, header.ExpiresAt, generation, policy.Usage.LastHadTags) { WasRead = true };
        if (Interlocked.CompareExchange(ref place, found, known) == known)
        {
            Mark(hash, header.CreatedAt);
            End(known);
        }
    }

    /// <summary>An entry was stored just now.</summary>
    public void Stored(string key, PolicyMeter policy, TimeSpan timeToLive, bool hasTags, long generation, int fences)
    {
        policy.Usage.LastHadTags = hasTags;
        if (!IsUsed)
        {
            return;
        }

        var now = Now;
        var hash = HashOf(key);
        var stored = new KnownEntry(hash, policy, now, now + (long)timeToLive.TotalMilliseconds, generation, hasTags)
        {
            IsOwn = true,
            Fences = fences,
        };
        ref var place = ref _places[hash % Places];
        var before = Volatile.Read(ref place);
        if (before is { IsOwn: false, WasRead: true } && before.KeyHash == hash && before.IsSameEntry(now))
        {
            // A reader was faster than the answer to the store.
            stored = stored with { WasRead = true };
        }

        Replace(hash, stored);
    }

    /// <summary>A value was loaded and not stored.</summary>
    public void Refused(string key, PolicyMeter policy)
    {
        if (IsUsed)
        {
            var hash = HashOf(key);
            var refused = new KnownEntry(hash, policy, 0, 0, 0, HasTags: false) { IsRefused = true };
            Replace(hash, refused);
        }
    }

    /// <summary>This process has invalidated keys.</summary>
    public void Invalidated(IReadOnlyCollection<string> keys)
    {
        if (!IsUsed)
        {
            return;
        }

        foreach (var key in keys)
        {
            var hash = HashOf(key);
            ref var place = ref _places[hash % Places];
            if (Volatile.Read(ref place) is { IsInvalidated: false, IsRefused: false } known && known.KeyHash == hash)
            {
                Interlocked.CompareExchange(ref place, known with { IsInvalidated = true }, known);
                Unmark(hash);
            }
        }
    }

    /// <summary>What is remembered of a key; null if nothing is.</summary>
    public KnownEntry? Find(string key)
    {
        var hash = HashOf(key);
        return Volatile.Read(ref _places[hash % Places]) is { } known && known.KeyHash == hash ? known : null;
    }

    /// <summary>Why there was no entry.</summary>
    /// <param name="known">What was remembered of the key when it was read.</param>
    /// <param name="readAt">When that was, in Redis's milliseconds.</param>
    /// <param name="generation">The generation that was read in; 0 if it is not known.</param>
    /// <param name="fences">How many fences the guard of the key holds, where Redis has told.</param>
    public static string CauseOf(KnownEntry? known, long readAt, long generation, int fences)
    {
        if (known is null)
        {
            return fences > 0 ? MissCause.Invalidated : MissCause.Cold;
        }

        if (known.IsRefused)
        {
            return MissCause.Refused;
        }

        if (generation != 0 && known.Generation != generation)
        {
            return MissCause.Generation;
        }

        if (known.IsInvalidated)
        {
            return MissCause.Invalidated;
        }

        if (known.ExpiresAt <= readAt + EndTolerance)
        {
            return MissCause.Expired;
        }

        // Fences are forgotten in time, and then there are fewer: what has been added since says that the key was invalidated.
        return fences > known.Fences ? MissCause.Invalidated : known.HasTags ? MissCause.Tag : MissCause.Evicted;
    }

    /// <summary>Of the entries of a policy that were stored here and are over by now, those that are still remembered, and how many of them were
    /// never read here.</summary>
    public (long Ended, long NeverRead) Over(PolicyMeter policy)
    {
        var now = Now;
        long ended = 0, neverRead = 0;
        for (var i = 0; i < _places.Length; i++)
        {
            if (Volatile.Read(ref _places[i]) is { IsOwn: true } known && known.Policy == policy && known.IsOver(now))
            {
                ended++;
                neverRead += known.WasRead ? 0 : 1;
            }
        }

        return (ended, neverRead);
    }

    // The time is spread over all bits, or the marks of two keys could meet.
    private static ulong MarkOf(ulong hash, long createdAt) => hash ^ ((ulong)createdAt * 0x9E3779B97F4A7C15);

    private void Mark(ulong hash, long createdAt) => Volatile.Write(ref _read[hash % Places], MarkOf(hash, createdAt));

    private void Unmark(ulong hash) => Volatile.Write(ref _read[hash % Places], 0);

    private void Replace(ulong hash, KnownEntry entry)
    {
        End(Interlocked.Exchange(ref _places[hash % Places], entry));
        Unmark(hash);
    }

    private static ulong HashOf(string key) => XxHash3.HashToUInt64(MemoryMarshal.AsBytes(key.AsSpan()));

    /// <summary>Whoever takes an entry out of its place counts it, so that it is counted once.</summary>
    private static void End(KnownEntry? known)
    {
        if (known is { IsOwn: true })
        {
            known.Policy.Usage.End(known.WasRead);
        }
    }
}
