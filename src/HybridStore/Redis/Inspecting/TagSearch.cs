using HybridStore.Redis.Generations;
using StackExchange.Redis;

namespace HybridStore.Redis.Inspecting;

/// <summary>Finds the tags of a key, for people. An entry does not know them, so all names of the server are searched for tag sets that the
/// key is a member of. Also asks while the circuit is open.</summary>
internal sealed class TagSearch(TimeProvider timeProvider)
{
    /// <summary>How long a search goes on.</summary>
    public static readonly TimeSpan LongestSearch = TimeSpan.FromSeconds(2);

    // A fraction of a millisecond of Redis's time.
    private const int NamesPerCall = 1000;

    /// <summary>The tags that a key has in a generation, and whether all names were searched for them.</summary>
    public async Task<(IReadOnlyCollection<TagMembership> Tags, bool IsComplete)> FindAsync(
        RedisSession session, string key, Generation generation, CancellationToken cancellationToken)
    {
        var partition = session.Layout.PartitionOf(key);
        var startedAt = timeProvider.GetTimestamp();

        // A search that goes on while names come and go may see one twice.
        var tags = new SortedDictionary<string, TagMembership>(StringComparer.Ordinal);
        RedisValue cursor = "0";
        do
        {
            if (timeProvider.GetElapsedTime(startedAt) >= LongestSearch)
            {
                return (tags.Values, false);
            }

            var result = await session.Breakers[partition].ExecuteBypassingAsync(
                static call => SearchAsync(call.session, call.partition, call.key, call.generation, call.cursor),
                (session, partition, key, generation, cursor),
                cancellationToken).ConfigureAwait(false);
            if (!result.TryGetValue(out var answer))
            {
                return (tags.Values, false);
            }

            cursor = (RedisValue)answer[0];
            foreach (var found in (RedisResult[]?)answer[1] ?? [])
            {
                var tag = (string?)found[0] ?? "";
                tags[tag] = new TagMembership(tag, (double)found[1], new HashFields((RedisResult[]?)found[2]));
            }
        }
        while (cursor != "0");
        return (tags.Values, true);
    }

    private static Task<RedisResult> SearchAsync(
        RedisSession session, int partition, string key, Generation generation, RedisValue cursor) =>
        session.Database.ScriptEvaluateAsync(
            session.TextOf(RedisScript.Memberships),
            [session.Layout.State(partition)],
            [
                cursor,
                NamesPerCall,
                (byte[])generation.TagSetPrefix(partition)!,
                (byte[])session.Layout.TagFencesPrefix(partition)!,
                key,
            ],
            CommandFlags.DemandMaster);
}
