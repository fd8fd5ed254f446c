using HybridStore.Diagnostics;
using HybridStore.Fencing;
using HybridStore.Keys;
using HybridStore.Postgres;
using HybridStore.Reading;
using HybridStore.Redis;
using HybridStore.Serialization;
using Npgsql;

namespace HybridStore.Writing;

/// <summary>
/// What one write stores when it is committed: for each key that it has declared a lease, which is older than the transaction's snapshot,
/// and the value, which is younger. So everything that is invalidated from the snapshot on is seen by the store, or the lease is gone. A
/// key without a lease is invalidated and no more.
/// </summary>
internal sealed class WrittenValues(WriteThrough through, IReadOnlyList<string> declared)
{
    private readonly HashSet<string> _declared = new(declared, StringComparer.Ordinal);
    private readonly Dictionary<string, Lease> _leases = new(StringComparer.Ordinal);
    private readonly Dictionary<string, WrittenValue> _values = new(StringComparer.Ordinal);
    private readonly LoadStamp _stamp = new(isWanted: true);
    private long _stampedAt;

    /// <summary>The leases under which something is going to be stored; null if there is none.</summary>
    public IReadOnlyDictionary<string, Lease>? LeasesInUse => _values.Count == 0
        ? null
        : _values.Keys.ToDictionary(key => key, key => _leases[key], StringComparer.Ordinal);

    public void Hold(string key, Lease? lease)
    {
        if (lease is not null)
        {
            _leases[key] = lease;
        }
    }

    /// <summary>A write that has joined declares further keys. They are invalidated and not stored: their leases would be younger than the
    /// snapshot.</summary>
    public void Declare(IEnumerable<string> keys) => _declared.UnionWith(keys);

    /// <summary>Takes the snapshot of a transaction that has not read yet, and is open on this connection.</summary>
    public async Task StampAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        if (_leases.Count > 0)
        {
            await through.Test.PassAsync(ProtocolStep.StampWrite).ConfigureAwait(false);
            await Statement.StampAsync(connection, _stamp, cancellationToken).ConfigureAwait(false);
            _stampedAt = through.TimeProvider.GetTimestamp();
        }
    }

    /// <summary>The same where there is no database.</summary>
    public void Stamp(ISimulatedDatabase database)
    {
        if (_leases.Count > 0)
        {
            database.Stamp(_stamp);
            _stampedAt = through.TimeProvider.GetTimestamp();
        }
    }

    /// <summary>What is read through the store in the caller's flow, from here on, is older than the snapshot perhaps: the stamp takes that
    /// over.</summary>
    public void Enter()
    {
        if (_leases.Count > 0)
        {
            through.Runner.Enter(_stamp);
        }
    }

    /// <exception cref="InvalidOperationException">The key was not declared.</exception>
    /// <exception cref="ArgumentException">The policy is unknown.</exception>
    /// <exception cref="NotSupportedException">The type does not survive a round trip.</exception>
    public void Set<T>(string key, T value, EntryOptions? options, IReadOnlyList<string> tags)
    {
        if (!_declared.Contains(key))
        {
            throw new InvalidOperationException(
                $"The key {Excerpt.Of(key)} was not declared: name it in WriteOptions.WriteThrough, so that its lease is taken before the "
                + "transaction begins.");
        }

        var settings = through.Policies.Resolve(options);
        through.Serializers.For<T>();
        Drop(key);
        var timeToLive = value is null ? settings.NegativeTimeToLive : settings.TimeToLive;
        if (settings.DoNotCache || timeToLive is null || !_leases.ContainsKey(key) || through.Storer!.RefusesTags(tags, settings.Policy))
        {
            return;
        }

        // Now, and not behind the commit: the caller may change the object, or dispose of what is in it.
        var took = through.TimeProvider.GetElapsedTime(_stampedAt);
        if (through.Storer.TryEncode(value, settings, took, stamp: null) is { } encoded)
        {
            _values[key] = new WrittenValue(
                encoded, EntryStorer.Jittered(timeToLive.Value, settings.Jitter), tags, settings.Policy, settings.GraceOf(value is null));
        }
    }

    /// <summary>The write has changed what the value was made of.</summary>
    public void Drop(string key)
    {
        if (_values.Remove(key, out var value))
        {
            value.Encoded.Dispose();
        }
    }

    /// <summary>The same for all that has this tag.</summary>
    public void DropTagged(string tag)
    {
        foreach (var key in _values.Where(value => value.Value.Tags.Contains(tag)).Select(value => value.Key).ToList())
        {
            Drop(key);
        }
    }

    /// <summary>Sends the values of a write that is committed. They are on their way when this returns; whatever becomes of them, their keys
    /// are invalidated.</summary>
    /// <param name="write">The write; null if it has written nothing.</param>
    public void Store(Fence? write)
    {
        var stamp = _stamp is { IsFromTransaction: false, IsOfSeveralDatabases: false } ? _stamp.Snapshot : null;
        if (write is { TransactionId: var own })
        {
            stamp = through.Test is { SmallerIdsStayInvisible: false }
                ? stamp is null ? null : new SnapshotStamp(stamp.Xmin, own + 1, stamp.Xip)
                : stamp?.WithOwn(own);
        }

        if (stamp is not null)
        {
            foreach (var (key, value) in _values)
            {
                _leases.Remove(key, out var lease);
                var entry = EntryCodec.Restamp(value.Encoded.Entry.Span, stamp);
                var command = new StoreCommand(
                    key,
                    entry.Entry,
                    value.TimeToLive,
                    value.Tags,
                    lease!,
                    stamp,
                    IsStamped: true,
                    _stamp.IsFromStandby,
                    _stamp.BootMark,
                    _stamp.IsOfPrimaryAlone,
                    value.Grace);
                _ = through.Storer!.SendAsync(command, entry, value.Policy);
            }
        }

        Release();
    }

    /// <summary>Gives back what is left: nothing is stored under it.</summary>
    public void Release()
    {
        foreach (var (key, lease) in _leases)
        {
            through.Storer!.Release(key, lease);
        }

        _leases.Clear();
        foreach (var value in _values.Values)
        {
            value.Encoded.Dispose();
        }

        _values.Clear();
    }

    /// <param name="Encoded">The entry, without a stamp.</param>
    /// <param name="TimeToLive">How long it may be served.</param>
    /// <param name="Tags">Its tags.</param>
    /// <param name="Policy">Counts it.</param>
    /// <param name="Grace">How long it is kept past that.</param>
    private sealed record WrittenValue(
        EncodeResult Encoded, TimeSpan TimeToLive, IReadOnlyList<string> Tags, PolicyMeter Policy, TimeSpan Grace);
}
