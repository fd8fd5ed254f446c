using HybridStore.Servers;
using StackExchange.Redis;

namespace HybridStore.IntegrationTests.Redis;

/// <summary>Measured for the whole process, so nothing else may run meanwhile.</summary>
[CollectionDefinition(nameof(CombinedReadsAllocationTests), DisableParallelization = true)]
[Collection(nameof(CombinedReadsAllocationTests))]
public sealed class CombinedReadsAllocationTests(ServersFixture servers)
{
    private const int Callers = 64;
    private const int Reads = 64_000;

    [Fact]
    public async Task A_combined_read_allocates_no_more_than_the_client_alone_and_leaves_nothing_behind()
    {
        var prefix = RedisServer.NewKeyPrefix();
        RedisKey[] keys = [.. Enumerable.Range(0, 100).Select(number => (RedisKey)(prefix + number))];
        await using var rig = await CombinerRig.StartUncountedAsync(servers);
        var database = rig.Multiplexer.GetDatabase();
        foreach (var key in keys)
        {
            await database.StringSetAsync(key, new byte[500]);
        }

        // Also brings pools to their size and code to its last tier.
        await MeasureAsync(Combined);
        await MeasureAsync(Alone);
        var heapBefore = GC.GetTotalMemory(forceFullCollection: true);
        var combined = await MeasureAsync(Combined);
        var again = await MeasureAsync(Combined);
        var heapAfter = GC.GetTotalMemory(forceFullCollection: true);
        var alone = await MeasureAsync(Alone);

        Assert.InRange(combined, 500, alone * 1.05);
        Assert.InRange(again, 500, alone * 1.05);
        Assert.InRange(heapAfter - heapBefore, long.MinValue, 512 * 1024);

        async ValueTask<RedisValue> Combined(int number)
        {
            var result = await rig.Combiner.ReadAsync(keys[number % keys.Length], CancellationToken.None);
            return result.TryGetValue(out var found) ? found.Value : throw new InvalidOperationException($"{result.Status}", result.Error);
        }

        async ValueTask<RedisValue> Alone(int number) => await database.StringGetAsync(keys[number % keys.Length]);
    }

    /// <summary>Bytes allocated per read.</summary>
    private static async Task<double> MeasureAsync(Func<int, ValueTask<RedisValue>> read)
    {
        var before = GC.GetTotalAllocatedBytes(precise: true);
        await Task.WhenAll(Enumerable.Range(0, Callers).Select(async caller =>
        {
            for (var i = 0; i < Reads / Callers; i++)
            {
                Assert.Equal(500, (await read(caller + i)).Length());
            }
        }));
        return (double)(GC.GetTotalAllocatedBytes(precise: true) - before) / Reads;
    }
}
