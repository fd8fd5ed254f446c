using HybridStore.Realtime.Redis;
using HybridStore.Redis;
using StackExchange.Redis;

namespace HybridStore.Realtime.Snapshots;

/// <summary>Hears of changes to structures of the application's where the server sends keyspace notifications. Nothing is believed that a probe
/// has not shown: whether they are sent can be changed while the server runs, and asking for it is often forbidden.</summary>
internal sealed class TrackedChanges(RedisLink link, string prefix, TimeProvider timeProvider)
{
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
            return await ProbeAsync(session).WaitAsync(link.Timeout, timeProvider, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception error) when (error is RedisException or TimeoutException)
        {
            // Not allowed, not answered or not sent: then everything is compared.
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

    /// <summary>Makes changes of each kind, and waits until it has heard of them. What was changed before has been heard of by then.</summary>
    private async Task<bool> ProbeAsync(RedisSession session)
    {
        var (database, subscriber) = (session.Database, session.Multiplexer.GetSubscriber());
        foreach (var structure in (SnapshotStructure[])[SnapshotStructure.SortedSet, SnapshotStructure.Hash])
        {
            RedisKey key = $"{prefix}:snapshot:probe:{Guid.NewGuid():N}";
            var heard = new HashSet<string>();
            var all = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            var channel = RedisChannel.KeySpaceSingleKey(key, database.Database);
            await subscriber.SubscribeAsync(channel, Hear).ConfigureAwait(false);
            try
            {
                var change = structure == SnapshotStructure.SortedSet
                    ? database.SortedSetAddAsync(key, "probe", 1)
                    : database.HashSetAsync(key, "probe", 1);
                await change.ConfigureAwait(false);
                await database.KeyDeleteAsync(key).ConfigureAwait(false);
                await all.Task.WaitAsync(link.Timeout, timeProvider).ConfigureAwait(false);
            }
            finally
            {
                await subscriber.UnsubscribeAsync(channel, Hear).ConfigureAwait(false);
            }

            void Hear(RedisChannel heardOn, RedisValue what)
            {
                lock (heard)
                {
                    heard.Add((string)what!);
                    if (heard.Count == 2)
                    {
                        all.TrySetResult();
                    }
                }
            }
        }

        return true;
    }
}
