using HybridStore.Fencing;
using HybridStore.Policies;
using HybridStore.Reading;
using HybridStore.Redis;
using HybridStore.Serialization;

namespace HybridStore.Writing;

/// <summary>What writes need that store what they have written.</summary>
/// <param name="Policies">How it is stored.</param>
/// <param name="Serializers">Refuse types that do not survive it.</param>
/// <param name="Runner">Notes what is read through the store meanwhile.</param>
/// <param name="Cache">Grants leases. Null where there is no Redis: nothing is stored then.</param>
/// <param name="Storer">Stores. Null where there is no Redis.</param>
/// <param name="TimeProvider">Measures how long a value takes.</param>
/// <param name="Test">Null but in tests.</param>
internal sealed record WriteThrough(
    EntryPolicies Policies,
    SerializerRegistry Serializers,
    LoadRunner Runner,
    IEntryCache? Cache,
    EntryStorer? Storer,
    TimeProvider TimeProvider,
    ProtocolUnderTest? Test = null)
{
    /// <summary>Asks for the leases of keys, before the transaction that is going to write them. One that is not granted, because somebody
    /// else loads that key or Redis does not answer, is done without.</summary>
    public async Task<WrittenValues> LeaseAsync(IReadOnlyList<string> keys, CancellationToken cancellationToken)
    {
        if (Cache is null || keys.Count == 0)
        {
            return new WrittenValues(this, keys);
        }

        var values = new WrittenValues(this, keys);
        try
        {
            var asked = new List<(string Key, Task<Lease?> Lease)>(keys.Count);
            foreach (var key in keys.Distinct(StringComparer.Ordinal))
            {
                await Test.PassAsync(ProtocolStep.Lease).ConfigureAwait(false);
                asked.Add((key, AskAsync(key, cancellationToken)));
            }

            foreach (var (key, lease) in asked)
            {
                values.Hold(key, await lease.ConfigureAwait(false));
            }

            return values;
        }
        catch
        {
            values.Release();
            throw;
        }
    }

    private async Task<Lease?> AskAsync(string key, CancellationToken cancellationToken)
    {
        var answer = await Cache!.LeaseForWriteAsync(key, cancellationToken).ConfigureAwait(false);
        return answer.TryGetValue(out var granted) ? granted.Lease : null;
    }
}
