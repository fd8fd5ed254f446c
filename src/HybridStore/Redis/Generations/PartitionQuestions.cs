using HybridStore.Resilience;

namespace HybridStore.Redis.Generations;

/// <summary>The questions for the generation that are under way: one for each partition, however many readers wait.</summary>
internal sealed class PartitionQuestions(int partitions)
{
    private readonly Lock _lock = new();
    private readonly Task<RedisCallResult<Generation>>?[] _asked = new Task<RedisCallResult<Generation>>?[partitions];

    /// <summary>Whether somebody asks at the moment.</summary>
    public bool IsUnderWay(int partition)
    {
        lock (_lock)
        {
            return _asked[partition] is { IsCompleted: false };
        }
    }

    /// <param name="partition">The partition.</param>
    /// <param name="ask">Asks, if nobody does at the moment.</param>
    /// <param name="isOwn">Whether it was called.</param>
    public Task<RedisCallResult<Generation>> AskAsync(int partition, Func<Task<RedisCallResult<Generation>>> ask, out bool isOwn)
    {
        lock (_lock)
        {
            if (_asked[partition] is { IsCompleted: false } underWay)
            {
                isOwn = false;
                return underWay;
            }

            isOwn = true;
            return _asked[partition] = ask();
        }
    }
}
