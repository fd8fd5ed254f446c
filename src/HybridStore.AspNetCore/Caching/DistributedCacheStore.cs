using System.Buffers;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using HybridStore.Realtime.Redis;
using HybridStore.Realtime.Registration;
using HybridStore.Realtime.Sessions;
using HybridStore.Redis;
using Microsoft.Extensions.Caching.Distributed;
using StackExchange.Redis;

namespace HybridStore.AspNetCore.Caching;

/// <summary>A distributed cache on Redis: each entry is one hash, and each call one round trip.</summary>
/// <remarks>The interface's synchronous members are the client's own, which block the thread for a round trip: for at most the time-out, or for as
/// long as the application's client is set to where that is used. ASP.NET Core's session middleware uses them only where
/// <c>ISession.LoadAsync</c> was not called before the first access.</remarks>
internal sealed class DistributedCacheStore : IBufferDistributedCache, IRealtimeComponent
{
    private static readonly RedisScript GetScript = RedisScript.Load(typeof(DistributedCacheStore).Assembly, "cache-get.lua");
    private static readonly RedisScript SetScript = RedisScript.Load(typeof(DistributedCacheStore).Assembly, "cache-set.lua");

    private static readonly RealtimeOperation GetOperation = new("distributed-cache", "get");
    private static readonly RealtimeOperation RefreshOperation = new("distributed-cache", "refresh");
    private static readonly RealtimeOperation SetOperation = new("distributed-cache", "set");
    private static readonly RealtimeOperation RemoveOperation = new("distributed-cache", "remove");

    private readonly RedisLink _link;
    private readonly TimeProvider _timeProvider;
    private readonly DistributedCacheStoreOptions _options;
    private readonly string _prefix;

    public DistributedCacheStore(RealtimeRoot root, DistributedCacheStoreOptions options)
    {
        (_link, _timeProvider, _options) = (root.Links.For(options), root.TimeProvider, options);
        _prefix = $"{options.KeyPrefix ?? _link.Prefix}:distributed-cache:{{";
    }

    public Realtime.RealtimeServiceOptions Options => _options;

    public bool IsDurable => false;

    public bool NeedsTables => false;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public byte[]? Get(string key) => (byte[]?)Unavailable.ThrowUnlessAnswered(_link.Evaluate(GetOperation, GetScript, [KeyOf(key)], [1]));

    public async Task<byte[]?> GetAsync(string key, CancellationToken token = default) => (byte[]?)Unavailable.ThrowUnlessAnswered(
        await _link.EvaluateAsync(GetOperation, GetScript, [KeyOf(key)], [1], token).ConfigureAwait(false));

    public bool TryGet(string key, IBufferWriter<byte> destination)
    {
        ArgumentNullException.ThrowIfNull(destination);
        return TryWrite(Get(key), destination);
    }

    public async ValueTask<bool> TryGetAsync(string key, IBufferWriter<byte> destination, CancellationToken token = default)
    {
        ArgumentNullException.ThrowIfNull(destination);
        return TryWrite(await GetAsync(key, token).ConfigureAwait(false), destination);
    }

    public void Refresh(string key) => Unavailable.ThrowUnlessAnswered(_link.Evaluate(RefreshOperation, GetScript, [KeyOf(key)], [0]));

    public async Task RefreshAsync(string key, CancellationToken token = default) => Unavailable.ThrowUnlessAnswered(
        await _link.EvaluateAsync(RefreshOperation, GetScript, [KeyOf(key)], [0], token).ConfigureAwait(false));

    public void Set(string key, byte[] value, DistributedCacheEntryOptions options) => Unavailable.ThrowUnlessAnswered(
        _link.Evaluate(SetOperation, SetScript, [KeyOf(key)], Entry(value, options)));

    public async Task SetAsync(string key, byte[] value, DistributedCacheEntryOptions options, CancellationToken token = default) =>
        Unavailable.ThrowUnlessAnswered(
            await _link.EvaluateAsync(SetOperation, SetScript, [KeyOf(key)], Entry(value, options), token).ConfigureAwait(false));

    public void Set(string key, ReadOnlySequence<byte> value, DistributedCacheEntryOptions options) => Set(key, value.ToArray(), options);

    public async ValueTask SetAsync(
        string key, ReadOnlySequence<byte> value, DistributedCacheEntryOptions options, CancellationToken token = default) =>
        await SetAsync(key, value.ToArray(), options, token).ConfigureAwait(false);

    public void Remove(string key)
    {
        var name = KeyOf(key);
        Unavailable.ThrowUnlessAnswered(_link.Execute(
            RemoveOperation, name, static (session, name) => session.Database.KeyDelete(name, CommandFlags.DemandMaster), name));
    }

    public async Task RemoveAsync(string key, CancellationToken token = default)
    {
        var name = KeyOf(key);
        Unavailable.ThrowUnlessAnswered(await _link.ExecuteAsync(
            RemoveOperation,
            name,
            static (session, name) => session.Database.KeyDeleteAsync(name, CommandFlags.DemandMaster),
            name,
            token).ConfigureAwait(false));
    }

    private static bool TryWrite(byte[]? value, IBufferWriter<byte> destination)
    {
        if (value is null)
        {
            return false;
        }

        destination.Write(value);
        return true;
    }

    private static RedisValue Milliseconds(TimeSpan? time) => time is { } some ? Math.Max(1, (long)some.TotalMilliseconds) : "";

    /// <summary>What cache-set.lua is given.</summary>
    private RedisValue[] Entry(byte[] value, DistributedCacheEntryOptions options)
    {
        ArgumentNullException.ThrowIfNull(value);
        ArgumentNullException.ThrowIfNull(options);
        if (value.Length > _options.MaximumSize)
        {
            throw new ArgumentException(
                $"The value has {value.Length} bytes, and MaximumSize allows {_options.MaximumSize}: keep less in it, or raise MaximumSize.", nameof(value));
        }

        var lifetime = options.AbsoluteExpirationRelativeToNow ?? (options.AbsoluteExpiration - _timeProvider.GetUtcNow());
        if (lifetime <= TimeSpan.Zero)
        {
            throw new ArgumentOutOfRangeException(
                nameof(options), options.AbsoluteExpiration, "The absolute expiration must be in the future: take AbsoluteExpirationRelativeToNow.");
        }

        var sliding = options.SlidingExpiration ?? (lifetime is null ? _options.DefaultSlidingExpiration : null);
        return [value, Milliseconds(sliding), Milliseconds(lifetime)];
    }

    /// <summary>The session middleware's keys are what it knows a session by, so that Redis is given hashes here as well.</summary>
    private RedisKey KeyOf(string key)
    {
        ArgumentNullException.ThrowIfNull(key);
        return string.Concat(_prefix, Base64Url.EncodeToString(SHA256.HashData(Encoding.UTF8.GetBytes(key))), "}");
    }
}
