using System.Threading.Channels;
using HybridStore.Realtime.Redis;
using HybridStore.Redis;
using StackExchange.Redis;

namespace HybridStore.Realtime.Snapshots;

/// <summary>Hears of changes to structures of the application's where the server sends keyspace notifications. Nothing is believed that a probe
/// has not shown: whether they are sent can be changed while the server runs, and asking for it is often forbidden.</summary>
internal sealed class TrackedChanges(RedisLink link, string prefix, TimeProvider timeProvider)
{
    private const string End = "end of the probe";

    private readonly HashSet<TrackedKey> _subscribed = [];
    private IConnectionMultiplexer? _multiplexer;

    /// <summary>Whether changes are heard of: then what has not been heard of has not changed. Not from two threads at once.</summary>
    public async Task<bool> ListenAsync(IReadOnlyCollection<TrackedKey> tracked, CancellationToken cancellationToken)
    {
        // On a cluster each master has settings of its own.
        if (link.Session is not { IsCluster: false } session || tracked.Count == 0)
        {
            return false;
        }

        try
        {
            await SubscribeAsync(session, tracked).WaitAsync(link.Timeout, timeProvider, cancellationToken).ConfigureAwait(false);
            using var timeout = new CancellationTokenSource(link.Timeout, timeProvider);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
            return await ProbeAsync(session, either.Token).WaitAsync(either.Token).ConfigureAwait(false);
        }
        catch (Exception error) when (error is RedisException or TimeoutException or ChannelClosedException
            || (error is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            // Not allowed, or not answered: then everything is compared.
            return false;
        }
    }

    private async Task SubscribeAsync(RedisSession session, IReadOnlyCollection<TrackedKey> tracked)
    {
        if (!ReferenceEquals(_multiplexer, session.Multiplexer))
        {
            _multiplexer = session.Multiplexer;
            _subscribed.Clear();
        }

        foreach (var structure in tracked.Where(structure => !_subscribed.Contains(structure)))
        {
            await session.Multiplexer.GetSubscriber().SubscribeAsync(
                RedisChannel.KeySpaceSingleKey(structure.Key, session.Database.Database),
                (_, _) => structure.MayHaveChanged = true).ConfigureAwait(false);
            _subscribed.Add(structure);

            // Of what was before nothing was heard.
            structure.MayHaveChanged = true;
        }
    }

    /// <summary>Makes changes of each kind and then publishes an end where they are heard: who hears the end has heard of all that was changed
    /// before, or is not told of changes at all.</summary>
    private async Task<bool> ProbeAsync(RedisSession session, CancellationToken cancellationToken)
    {
        var (database, subscriber) = (session.Database, session.Multiplexer.GetSubscriber());
        foreach (var structure in (SnapshotStructure[])[SnapshotStructure.SortedSet, SnapshotStructure.Hash])
        {
            RedisKey key = $"{prefix}:snapshot:probe:{Guid.NewGuid():N}";
            var channel = RedisChannel.KeySpaceSingleKey(key, database.Database);
            var messages = await subscriber.SubscribeAsync(channel).ConfigureAwait(false);
            try
            {
                var change = structure == SnapshotStructure.SortedSet
                    ? database.SortedSetAddAsync(key, "probe", 1)
                    : database.HashSetAsync(key, "probe", 1);
                await change.ConfigureAwait(false);
                await database.KeyDeleteAsync(key).ConfigureAwait(false);
                await database.PublishAsync(channel, End).ConfigureAwait(false);

                var heard = new HashSet<string>(StringComparer.Ordinal);
                while (await messages.ReadAsync(cancellationToken).ConfigureAwait(false) is var message && message.Message != End)
                {
                    heard.Add((string)message.Message!);
                }

                if (heard.Count < 2)
                {
                    return false;
                }
            }
            finally
            {
                await messages.UnsubscribeAsync().ConfigureAwait(false);
            }
        }

        return true;
    }
}
