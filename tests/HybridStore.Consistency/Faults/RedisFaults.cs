using HybridStore.Servers;
using StackExchange.Redis;

namespace HybridStore.Consistency.Faults;

/// <summary>What happens to Redis, and to what it holds behind the store's back.</summary>
internal sealed class RedisFaults(SoakServers servers)
{
    public async Task RestartAsync(TimeSpan away, CancellationToken cancellationToken)
    {
        servers.DisconnectRedis();
        await servers.Redis.KillAsync(cancellationToken);
        await Task.Delay(away, cancellationToken);
        await servers.Redis.StartAsync(cancellationToken);
        servers.Connect();
    }

    /// <summary>Keeps what Redis holds, and has it hold that again when some time has passed.</summary>
    public async Task SetBackAsync(TimeSpan by)
    {
        var database = (await servers.Redis.ConnectDirectlyAsync()).GetDatabase();
        var memory = await RedisMemory.OfAsync(database, SoakServers.Prefix);
        await Task.Delay(by);
        await memory.RestoreAsync(database);
    }

    public Task EmptyAsync() => servers.Redis.FlushAsync();

    public Task ForgetScriptsAsync() => servers.Redis.RunAsync("SCRIPT", "FLUSH");

    public async Task PauseAsync(TimeSpan length, CancellationToken cancellationToken)
    {
        await servers.Redis.PauseAsync(cancellationToken);
        try
        {
            await Task.Delay(length, cancellationToken);
        }
        finally
        {
            await servers.Redis.ResumeAsync(CancellationToken.None);
        }
    }

    /// <summary>P:g:key.</summary>
    public Task DeleteGuardsAsync() => EachAsync(":g:", (database, name) => database.KeyDeleteAsync(name));

    /// <summary>The fields of a guard that are a lease.</summary>
    public Task DeleteLeasesAsync() => EachAsync(":g:", (database, name) => database.HashDeleteAsync(name, ["t", "a", "e"]));

    /// <summary>P:e:generation:key.</summary>
    public Task DeleteEntriesAsync() => EachAsync(":e:", (database, name) => database.KeyDeleteAsync(name));

    public Task OverwriteEntriesAsync(Random random) => EachAsync(":e:", async (database, name) =>
    {
        switch (random.Next(4))
        {
            case 0:
                await database.StringSetAsync(name, "not an entry", expiry: null, keepTtl: true);
                break;
            case 1:
                await ReplaceByListAsync(database, name);
                break;
        }
    });

    // As one transaction: a worker may store the entry again between the two commands, and pushing onto a string fails.
    private static Task<bool> ReplaceByListAsync(IDatabase database, RedisKey name)
    {
        var replacement = database.CreateTransaction();
        _ = replacement.KeyDeleteAsync(name);
        _ = replacement.ListLeftPushAsync(name, "not even a string");
        return replacement.ExecuteAsync();
    }

    private async Task EachAsync(string part, Func<IDatabase, RedisKey, Task> change)
    {
        var multiplexer = await servers.Redis.ConnectDirectlyAsync();
        var database = multiplexer.GetDatabase();
        await foreach (var name in multiplexer.GetServers()[0].KeysAsync(pattern: $"{SoakServers.Prefix}:*{part}*"))
        {
            await change(database, name);
        }
    }
}
