using HybridStore.Fencing;
using HybridStore.Reading.Batches;
using HybridStore.Redis;
using Microsoft.Extensions.Logging;

namespace HybridStore.Reading.Warming;

/// <summary>
/// Fills the cache before anybody asks, batch by batch: the leases first, then one query under one stamp, then the entries. Rows that were read
/// before their leases could not be stored: an invalidation may have come and been forgotten in between. Hence ids are what a warm-up starts from.
/// </summary>
internal sealed class CacheWarmer(
    IEntryCache gateway,
    EntryReader entries,
    LoadRunner runner,
    EntryStorer storer,
    TimeProvider timeProvider,
    ILogger logger,
    ProtocolUnderTest? test = null)
{
    private const int MostStoring = 2;

    private long _interruptions;

    /// <summary>How many warm-ups have stopped because Redis did not answer.</summary>
    public long Interruptions => Interlocked.Read(ref _interruptions);

    /// <param name="ids">What is to be warmed.</param>
    /// <param name="batchOf">Makes a batch of some of them.</param>
    /// <param name="options">How.</param>
    /// <param name="progress">Told after each batch.</param>
    /// <param name="cancellationToken">Ends it between batches, and cancels a load.</param>
    public async Task<WarmProgress> WarmAsync<TState, TId, T>(
        IAsyncEnumerable<TId> ids,
        Func<IReadOnlyCollection<TId>, Batch<TState, TId, T>> batchOf,
        WarmOptions options,
        IProgress<WarmProgress>? progress,
        CancellationToken cancellationToken)
        where TId : notnull
    {
        var startedAt = timeProvider.GetTimestamp();
        var (done, storing) = (new WarmProgress(), new Queue<Task<int>>());
        var source = ids.GetAsyncEnumerator(cancellationToken);
        await using (source.ConfigureAwait(false))
        {
            try
            {
                while (!done.IsCapped && !done.IsInterrupted)
                {
                    var (some, hasMore) = await TakeAsync(source, options, done.Seen).ConfigureAwait(false);
                    var before = done;
                    done = done with { Seen = done.Seen + some.Count, IsCapped = hasMore };
                    if (some.Count == 0)
                    {
                        break;
                    }

                    await PauseAsync(options, before, startedAt, cancellationToken).ConfigureAwait(false);
                    var loaded = await LoadAsync(batchOf(some), cancellationToken).ConfigureAwait(false);

                    // One is encoded while Redis takes the one before, and the next is loaded.
                    var stored = storing.Count < MostStoring ? 0 : await storing.Dequeue().ConfigureAwait(false);
                    done = With(done, loaded, stored, startedAt);
                    storing.Enqueue(Task.Run(loaded.Store, CancellationToken.None));
                    progress?.Report(done);
                }
            }
            finally
            {
                var left = await Task.WhenAll(storing).ConfigureAwait(false);
                done = With(done, LoadedBatch.None, left.Sum(), startedAt);
            }
        }

        if (done.IsCapped)
        {
            WarmingLog.Capped(logger, options.MaximumEntries);
        }

        if (done.IsInterrupted)
        {
            Interlocked.Increment(ref _interruptions);
            WarmingLog.Interrupted(logger, done.Stored);
        }

        progress?.Report(done);
        return done;
    }

    /// <summary>The next ids, and whether there are more of them than may be taken.</summary>
    private static async ValueTask<(List<TId> Ids, bool HasMore)> TakeAsync<TId>(
        IAsyncEnumerator<TId> source, WarmOptions options, long seen)
    {
        var some = new List<TId>();
        while (some.Count < options.EffectiveBatchSize)
        {
            if (!await source.MoveNextAsync().ConfigureAwait(false))
            {
                return (some, false);
            }

            if (seen + some.Count == options.MaximumEntries)
            {
                return (some, true);
            }

            some.Add(source.Current);
        }

        return (some, false);
    }

    private async ValueTask<LoadedBatch> LoadAsync<TState, TId, T>(Batch<TState, TId, T> batch, CancellationToken cancellationToken)
        where TId : notnull
    {
        cancellationToken.ThrowIfCancellationRequested();
        var keys = new (string Key, ReadOnlyMemory<byte> Seen)[batch.Keys.Count];
        for (var i = 0; i < keys.Length; i++)
        {
            keys[i] = (batch.Keys[i], ReadOnlyMemory<byte>.Empty);
        }

        await test.PassAsync(ProtocolStep.Lease).ConfigureAwait(false);
        var answers = await gateway.LeaseManyAsync(keys, LeasePurpose.WarmUp, cancellationToken).ConfigureAwait(false);
        var (granted, outdated, unanswered) = (new List<(int Index, Lease Lease)>(keys.Length), new List<int>(), 0);
        for (var i = 0; i < answers.Length; i++)
        {
            if (!answers[i].TryGetValue(out var answer))
            {
                unanswered++;
            }
            else if (answer.Lease is { } lease)
            {
                granted.Add((i, lease));
            }
            else if (!answer.Entry.IsNull && !entries.IsOfUse<T>(batch.Settings, answer.Entry))
            {
                // Of an earlier release, say, or past its expiry: no read would take it.
                keys[i].Seen = EntryReader.Identity(answer.Entry);
                outdated.Add(i);
            }
        }

        if (outdated.Count > 0)
        {
            answers = await gateway.LeaseManyAsync(
                outdated.ConvertAll(index => keys[index]), LeasePurpose.Read, cancellationToken).ConfigureAwait(false);
            for (var i = 0; i < answers.Length; i++)
            {
                if (answers[i].TryGetValue(out var answer) && answer.Lease is { } lease)
                {
                    granted.Add((outdated[i], lease));
                }
            }
        }

        var loaded = LoadedBatch.None with { AlreadyCached = keys.Length - granted.Count - unanswered, IsInterrupted = unanswered > 0 };
        if (granted.Count == 0)
        {
            return loaded;
        }

        var ids = granted.ConvertAll(held => batch.Ids[held.Index]).ToArray();
        var (rows, _, duration) = await runner.RunManyAsync(
            batch.RequestOf(ids, batch.Keys[granted[0].Index]),
            new LoadStamp(isWanted: true),
            granted.ConvertAll(held => (batch.Keys[held.Index], held.Lease)),
            isBypassing: false,
            isHeld: true,
            static () => { },
            cancellationToken).ConfigureAwait(false);
        var present = new List<StorableEntry<SingleOfBatch<TState, TId, T>, T>>(granted.Count);
        for (var i = 0; i < granted.Count; i++)
        {
            var (index, lease) = granted[i];
            if (rows.TryGetValue(ids[i], out var value) && value is not null)
            {
                present.Add(new StorableEntry<SingleOfBatch<TState, TId, T>, T>(batch.RequestOf(index), value, rows.ContextOf(ids[i]), lease));
            }
            else
            {
                storer.Release(batch.Keys[index], lease);
            }
        }

        return loaded with
        {
            Loaded = present.Count,
            Missing = granted.Count - present.Count,
            Store = async () =>
            {
                await test.PassAsync(ProtocolStep.Store).ConfigureAwait(false);
                var calls = storer.StoreMany(present, duration).Select(call => call.Stored);
                return (await Task.WhenAll(calls).ConfigureAwait(false)).Sum(call => call.Count(stored => stored));
            },
        };
    }

    /// <summary>No more in a second than asked for: waits until what has been loaded so far is due.</summary>
    private async ValueTask PauseAsync(WarmOptions options, WarmProgress done, long startedAt, CancellationToken cancellationToken)
    {
        if (options.EntriesPerSecond is { } rate)
        {
            var due = TimeSpan.FromSeconds((done.Seen - done.AlreadyCached) / rate) - timeProvider.GetElapsedTime(startedAt);
            if (due > TimeSpan.Zero)
            {
                await Task.Delay(due, timeProvider, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private WarmProgress With(WarmProgress done, LoadedBatch loaded, int storedBefore, long startedAt) => done with
    {
        Stored = done.Stored + storedBefore,
        AlreadyCached = done.AlreadyCached + loaded.AlreadyCached,
        Missing = done.Missing + loaded.Missing,

        // What is loaded counts as not stored until it is.
        NotStored = done.NotStored + loaded.Loaded - storedBefore,
        IsInterrupted = done.IsInterrupted || loaded.IsInterrupted,
        Elapsed = timeProvider.GetElapsedTime(startedAt),
    };

    /// <summary>What has been loaded of a batch.</summary>
    private sealed record LoadedBatch(int AlreadyCached, int Loaded, int Missing, bool IsInterrupted, Func<Task<int>> Store)
    {
        public static LoadedBatch None { get; } = new(0, 0, 0, false, static () => Task.FromResult(0));
    }
}
