using HybridStore.Redis.Generations;
using HybridStore.Resilience;
using StackExchange.Redis;

namespace HybridStore.Redis;

/// <summary>
/// Remembers in Redis, in the state of each partition, in which generation a warm-up was begun: where that is not the present one the cache is empty
/// again, whether its data was lost or all of it invalidated. What is lost while a warm-up runs is noticed, since the mark goes with it.
/// </summary>
internal sealed class WarmMarks(RedisConnection connection, RedisGenerations generations)
{
    private static readonly RedisValue GenerationField = "g";

    /// <summary>Whether the cache is another one than a warm-up was begun in, by whatever process. Null where Redis does not answer.</summary>
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

    /// <summary>A warm-up begins. Where Redis does not take it, it will begin again.</summary>
    public async Task BeginAsync(string warmup)
    {
        if (connection.Session is not { } session)
        {
            return;
        }

        // What has come back empty is given its number first.
        await Task.WhenAll(Enumerable.Range(0, session.Layout.Partitions.Count)
            .Select(partition => generations.AskAsync(session, partition))).ConfigureAwait(false);
        if (session.Generations.Current is { } generation)
        {
            await EachAsync(
                session, (partition, database) => database.HashSetAsync(session.Layout.State(partition), Field(warmup), generation.Text))
                .ConfigureAwait(false);
        }
    }

    private static RedisValue Field(string warmup) => $"w:{warmup}";

    private static Task<RedisCallResult<T>[]> EachAsync<T>(RedisSession session, Func<int, IDatabase, Task<T>> send) =>
        Task.WhenAll(Enumerable.Range(0, session.Layout.Partitions.Count).Select(partition => session.Breakers[partition].ExecuteAsync(
            static call => call.send(call.partition, call.session.Database), (send, partition, session), CancellationToken.None).AsTask()));
}
