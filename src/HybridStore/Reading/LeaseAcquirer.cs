using HybridStore.Diagnostics;
using HybridStore.Fencing;
using HybridStore.Redis;

namespace HybridStore.Reading;

/// <summary>
/// Gets the lease of a key, or waits for the entry that another holder of it is about to store. While it waits it asks again with growing,
/// jittered pauses, so that a lease that becomes free is taken; past the limit the caller loads for itself and does not store.
/// </summary>
internal sealed class LeaseAcquirer(
    IEntryCache gateway, TimeSpan longestWait, TimeProvider timeProvider, ProtocolUnderTest? test = null, StoreMetrics? metrics = null)
{
    /// <summary>How long to wait for somebody else's entry.</summary>
    public TimeSpan LongestWait { get; } = longestWait;

    /// <summary>One attempt, for those who can do without. Nothing granted also where Redis is out of reach.</summary>
    public async ValueTask<LeaseAnswer> TryAcquireAsync(string key, ReadOnlyMemory<byte> seen, CancellationToken cancellationToken)
    {
        var answer = await gateway.LeaseAsync(key, seen, cancellationToken).ConfigureAwait(false);
        return answer.TryGetValue(out var lease) ? lease : default;
    }

    /// <param name="key">The key.</param>
    /// <param name="seen">The identity of an entry that is of no use to the caller.</param>
    /// <param name="flight">Told before each look at Redis: an entry found by it is as new as that look.</param>
    /// <param name="patience">How long to wait for somebody else's entry.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async ValueTask<LeaseAnswer> AcquireAsync(
        string key, ReadOnlyMemory<byte> seen, Flight flight, TimeSpan patience, CancellationToken cancellationToken)
    {
        var startedAt = timeProvider.GetTimestamp();
        var pauses = default(LeasePauses);
        while (true)
        {
            await test.PassAsync(ProtocolStep.Lease).ConfigureAwait(false);
            flight.MarkBegin();
            var recoveries = gateway.Recoveries;
            var result = await gateway.LeaseAsync(key, seen, cancellationToken).ConfigureAwait(false);
            var isAnswered = result.TryGetValue(out var answer);
            flight.NoteFences(answer.Fences);
            if (!answer.Entry.IsNull && (gateway.Recoveries != recoveries || gateway.IsRecovering(key)))
            {
                // It is from before an outage: nobody knows yet how old it is.
                Tell("unavailable");
                return default;
            }

            answer = answer with { IsAnswered = isAnswered };
            if (!isAnswered || answer.Lease is not null || !answer.Entry.IsNull)
            {
                Tell(!isAnswered ? "unavailable" : answer.Lease is null ? "entry" : "granted");
                return answer;
            }

            var left = patience - timeProvider.GetElapsedTime(startedAt);
            if (left <= TimeSpan.Zero)
            {
                Tell("gave_up");
                return new LeaseAnswer { IsAnswered = true };
            }

            await Task.Delay(pauses.Next(left), timeProvider, cancellationToken).ConfigureAwait(false);
        }

        void Tell(string outcome) => metrics?.Leased(timeProvider.GetElapsedTime(startedAt), outcome);
    }
}
