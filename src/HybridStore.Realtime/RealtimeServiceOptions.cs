using HybridStore.Keys;
using StackExchange.Redis;

namespace HybridStore.Realtime;

/// <summary>What the settings of all services beside the cache have in common: which Redis they use. Not thread-safe; read once, when the
/// service is made.</summary>
public abstract class RealtimeServiceOptions
{
    private const string ForbiddenInPrefix = "{}*?[]\\^";

    private protected RealtimeServiceOptions()
    {
    }

    /// <summary>StackExchange.Redis's connection string of a Redis of this service's own, for example one that persists and does not evict.
    /// Services with the same connection string, prefix and time-out share a connection. Default: <see langword="null"/>, the store's Redis is used.</summary>
    public string? RedisConnectionString { get; set; }

    /// <summary>What the names of this service in Redis begin with: 1 to 64 characters, no braces, white space or control characters, no
    /// <c>*?[]\^</c>. Default: <see langword="null"/>, the store's <see cref="HybridStoreOptions.KeyPrefix"/>.</summary>
    public string? KeyPrefix { get; set; }

    /// <summary>The longest wait for one answer of a Redis of this service's own: 10 ms to 1 minute. Default: <see langword="null"/>, the
    /// store's <see cref="HybridStoreOptions.RedisTimeout"/>, which is also that of a shared one.</summary>
    public TimeSpan? RedisTimeout { get; set; }

    internal Func<IServiceProvider, IConnectionMultiplexer>? Multiplexer { get; private set; }

    internal bool HasRedisOfItsOwn => Multiplexer is not null || RedisConnectionString is not null;

    /// <summary>What the service is called in messages, logs and metrics.</summary>
    internal abstract string ServiceName { get; }

    /// <summary>Gives this service a Redis of its own.</summary>
    /// <param name="connectionString">As <see cref="RedisConnectionString"/>.</param>
    /// <exception cref="ArgumentException">It is empty.</exception>
    public void UseRedis(string connectionString)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(connectionString);
        RedisConnectionString = connectionString;
    }

    /// <summary>Gives this service a Redis client of its own, which is never disposed here.</summary>
    /// <param name="multiplexer">Finds it among the services. It is called in the background, and again after a while if it throws.</param>
    /// <exception cref="ArgumentNullException">It is null.</exception>
    public void UseRedis(Func<IServiceProvider, IConnectionMultiplexer> multiplexer)
    {
        ArgumentNullException.ThrowIfNull(multiplexer);
        Multiplexer = multiplexer;
    }

    /// <summary>The rules that the settings break, each with its remedy; nothing when all is well. Without the name of the service.</summary>
    internal abstract IEnumerable<string> Errors();

    internal IEnumerable<string> AllErrors()
    {
        if (RedisConnectionString is { } redis && ConnectionStringError(redis) is { } error)
        {
            yield return error;
        }

        if (Multiplexer is not null && RedisConnectionString is not null)
        {
            yield return "UseRedis was given a client and RedisConnectionString names a server: say one of them.";
        }

        if (KeyPrefix is { } prefix
            && (prefix.Length is < 1 or > 64
                || !KeyRules.IsValid(prefix)
                || prefix.Any(c => char.IsWhiteSpace(c) || ForbiddenInPrefix.Contains(c, StringComparison.Ordinal))))
        {
            yield return "KeyPrefix must have 1 to 64 characters, without braces, white space, control characters or any of *?[]\\^; "
                + "for example \"shop\".";
        }

        if (RedisTimeout is { } timeout && (timeout < TimeSpan.FromMilliseconds(10) || timeout > TimeSpan.FromMinutes(1)))
        {
            yield return "RedisTimeout must be from 10 ms to 1 minute; leave it unset for the store's.";
        }

        if (RedisTimeout is not null && !HasRedisOfItsOwn)
        {
            yield return "RedisTimeout is that of a Redis of the service's own: call UseRedis as well, or set the store's RedisTimeout.";
        }

        foreach (var rule in Errors())
        {
            yield return rule;
        }
    }

    private static string? ConnectionStringError(string connectionString)
    {
        try
        {
            return ConfigurationOptions.Parse(connectionString).EndPoints.Count > 0
                ? null
                : "RedisConnectionString names no server: write it as host:port, with further settings after commas.";
        }
        catch (Exception error) when (error is ArgumentException or FormatException)
        {
            // Without what the client says: it may quote a password.
            return "RedisConnectionString is not understood: write it as host:port, with further settings after commas, such as "
                + "redis:6379,user=app,password=...,ssl=true.";
        }
    }
}
