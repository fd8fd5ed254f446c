using System.Collections.Concurrent;
using HybridStore.Consistency.History;
using HybridStore.Consistency.Keys;

namespace HybridStore.Consistency.Workers;

/// <summary>Writes down what the sessions of a worker do. Times are taken behind what they tell of, and before what they begin.
/// Thread-safe.</summary>
internal sealed class OperationLog(HistoryWriter writer, int process)
{
    private const int IdsOfProcess = 32;

    private readonly ConcurrentDictionary<Task, bool> _pending = new();
    private long _lastId;
    private long _failures;

    /// <summary>How many operations have failed.</summary>
    public long Failures => Interlocked.Read(ref _failures);

    /// <summary>A write, or an invalidation, is about to begin.</summary>
    /// <returns>Its id, which no other operation of any process has.</returns>
    public long Begin(OperationKind kind, Names names, StrictDemand demand = StrictDemand.None)
    {
        var id = ((long)process << IdsOfProcess) + Interlocked.Increment(ref _lastId);
        writer.Began(id, kind, demand, names);
        return id;
    }

    /// <summary>A write of the store has returned.</summary>
    public void Returned(long id, WriteReceipt receipt)
    {
        // The state first: it may change before the clock is read.
        var status = receipt.Status;
        var now = Clock.Now;
        writer.Committed(id, now, receipt.IsStrict, receipt.Token.ToString());
        Invalidated(id, now, status, receipt.WhenApplied());
    }

    public void Committed(long id) => writer.Committed(id, Clock.Now, isStrict: false, token: null);

    public void OutcomeUnknown(long id)
    {
        Interlocked.Increment(ref _failures);
        writer.OutcomeUnknown(id, Clock.Now);
    }

    public void RolledBack(long id) => writer.RolledBack(id, Clock.Now);

    public void RolledBackBy(long id, Exception error)
    {
        RolledBack(id);
        Failed(FailureRecord.Write, error);
    }

    /// <summary>An invalidation has returned.</summary>
    public void Invalidated(long id, InvalidationReceipt receipt)
    {
        var status = receipt.Status;
        Invalidated(id, Clock.Now, status, receipt.WhenApplied());
    }

    /// <summary>The same of a cache that has no receipts: what has returned is applied.</summary>
    public void Invalidated(long id)
    {
        var now = Clock.Now;
        writer.Invalidated(id, now);
        writer.Applied(id, now);
    }

    /// <summary>A read has returned.</summary>
    /// <param name="key">What was read.</param>
    /// <param name="began">When it began.</param>
    /// <param name="loaded">Whether its own load ran.</param>
    /// <param name="values">What it returned.</param>
    public ReadRecord Returned(SoakKey key, long began, bool loaded, IEnumerable<RowVersion> values) =>
        new(key, process, began, Clock.Now, [.. values]) { Loaded = loaded };

    public void Read(ReadRecord read) => writer.Read(read);

    public void Failed(string what, Exception error)
    {
        Interlocked.Increment(ref _failures);
        writer.Failed(what, error);
    }

    /// <summary>Waits for invalidations that were pending, but not for ever.</summary>
    public async Task SettleAsync(TimeSpan atMost) => await Task.WhenAny(Task.WhenAll(_pending.Keys), Task.Delay(atMost));

    private void Invalidated(long id, long at, InvalidationStatus status, Task applied)
    {
        writer.Invalidated(id, at);
        if (status == InvalidationStatus.Applied)
        {
            writer.Applied(id, at);
            return;
        }

        var settled = SettledAsync(id, applied);
        _pending[settled] = true;
        _ = settled.ContinueWith(done => _pending.TryRemove(done, out _), TaskScheduler.Default);
    }

    private async Task SettledAsync(long id, Task applied)
    {
        try
        {
            await applied.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        }
        catch (OperationCanceledException)
        {
            // The store was disposed before: it never was applied, and the history says nothing else.
            return;
        }

        writer.Applied(id, Clock.Now);
    }
}
