using HybridStore.Redis.Generations;
using HybridStore.Resilience;
using StackExchange.Redis;

namespace HybridStore.Redis;

/// <summary>
/// Remembers in Redis, in the state of each partition, in which generation a warm-up has ended: where that is not the present one the cache is empty
/// again, whether its data was lost or all of it invalidated. What is lost while a warm-up runs is noticed, since the mark goes with it.
/// </summary>
internal sealed class WarmMarks(RedisConnection connection, RedisGenerations generations)
{
    private static readonly RedisValue GenerationField = "g";

    /// <summary>Whether the cache is another one than a warm-up has filled, in whatever process. Null where Redis does not answer.</summary>
    /// <param name="warmup">The warm-up's name.</param>
    public async Task<bool?> IsCacheLostAsync(string warmup)
    {
        if (connection.Session is not { } session)
        {
            return null;
        }

        var answers = await EachAsync(
            session, (partition, database) => database.HashGetAsync(session.Layout.State(partition), [GenerationField, Field(warmup)])).ConfigureAwait(false);
        bool? isLost = false;
        foreach (var answer in answers)
        {
            if (!answer.TryGetValue(out var fields))
            {
                return null;
            }

            isLost |= fields[0].IsNull || fields[0] != fields[1];
        }

        return isLost;
    }

    /// <summary>A warm-up begins. Until it has ended the cache counts as lost to others: they share the work, or do it when this process
    /// dies.</summary>
    /// <returns>Its generation; null where Redis does not take the mark.</returns>
    public async Task<string?> BeginAsync(string warmup)
    {
        if (connection.Session is not { } session)
        {
            return null;
        }

        // What has come back empty is given its number first.
        await Task.WhenAll(Enumerable.Range(0, session.Layout.Partitions.Count)
            .Select(partition => generations.AskAsync(session, partition))).ConfigureAwait(false);
        if (session.Generations.Current is not { } generation)
        {
            return null;
        }

        var answers = await EachAsync(session, async (partition, database) =>
        {
            // A cache that is filled already stays so to others, whoever warms it once more.
            var state = session.Layout.State(partition);
            return await database.HashGetAsync(state, Field(warmup)).ConfigureAwait(false) == generation.Text
                || await database.HashSetAsync(state, Field(warmup), Begun(generation.Text)).ConfigureAwait(false);
        }).ConfigureAwait(false);
        return Array.TrueForAll(answers, answer => answer.TryGetValue(out _)) ? generation.Text : null;
    }

    /// <summary>A warm-up has ended. Where its mark is gone the cache was lost meanwhile, and stays so.</summary>
    public async Task EndAsync(string warmup, string generation)
    {
        if (connection.Session is { } session)
        {
            await EachAsync(session, async (partition, database) =>
            {
                var state = session.Layout.State(partition);
                var mark = await database.HashGetAsync(state, Field(warmup)).ConfigureAwait(false);
                return mark == Begun(generation) && await database.HashSetAsync(state, Field(warmup), generation).ConfigureAwait(false);
            }).ConfigureAwait(false);
        }
    }

    private static RedisValue Begun(string generation) => $"begun:{generation}";

    private static RedisValue Field(string warmup) => $"w:{warmup}";

    private static Task<RedisCallResult<T>[]> EachAsync<T>(RedisSession session, Func<int, IDatabase, Task<T>> send) =>
        Task.WhenAll(Enumerable.Range(0, session.Layout.Partitions.Count).Select(partition => session.Breakers[partition].ExecuteAsync(
            static call => call.send(call.partition, call.session.Database), (send, partition, session), CancellationToken.None).AsTask()));
}
