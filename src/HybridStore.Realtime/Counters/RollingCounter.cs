using HybridStore.Keys;
using HybridStore.Realtime.Redis;
using HybridStore.Redis;
using StackExchange.Redis;

namespace HybridStore.Realtime.Counters;

/// <inheritdoc cref="IRollingCounter"/>
internal sealed class RollingCounter : IRollingCounter
{
    private const string Service = "rolling counters";
    private const long MostAtOnce = 1_000_000_000_000;
    private const int MostMembers = 10_000;
    private const int IncrementsPerCall = 500;

    private static readonly RealtimeOperation Count = new("counters", "count");
    private static readonly RealtimeOperation Sum = new("counters", "sum");
    private static readonly RealtimeOperation Top = new("counters", "top");
    private static readonly RedisScript CountScript = RealtimeScripts.Load("count.lua");
    private static readonly RedisScript BucketsScript = RealtimeScripts.Load("buckets.lua");
    private static readonly RedisScript TopScript = RealtimeScripts.Load("top.lua");

    private readonly RedisLink _link;
    private readonly RollingCounterOptions _options;
    private readonly RedisKey _name;
    private readonly long _resolution;
    private readonly long _lifetime;
    private readonly CallCombiner<int, (string Member, long By), bool> _increments;

    /// <param name="link">The way to Redis.</param>
    /// <param name="prefix">What names in Redis begin with.</param>
    /// <param name="name">The counter's name.</param>
    /// <param name="options">How it counts.</param>
    public RollingCounter(RedisLink link, string prefix, string name, RollingCounterOptions options)
    {
        (_link, _options) = (link, options);
        _resolution = (long)options.Resolution.TotalMilliseconds;
        _lifetime = _resolution * (options.Buckets + 1);
        _name = $"{prefix}:counter:{RealtimeKeys.Tag(name)}:{_resolution}";
        _increments = new CallCombiner<int, (string Member, long By), bool>((_, increments) => SendAsync(increments), IncrementsPerCall);
    }

    public ValueTask<bool> IncrementAsync(string member, long by = 1, CancellationToken cancellationToken = default)
    {
        KeyRules.ThrowIfInvalidKey(member);
        NumberRange.ThrowIfOutside(by, 1, MostAtOnce);
        return new ValueTask<bool>(_increments.MakeAsync(0, (member, by), cancellationToken));
    }

    public Task<long> SumAsync(string member, TimeSpan? window = null, CancellationToken cancellationToken = default)
    {
        KeyRules.ThrowIfInvalidKey(member);
        return SumOfAsync(member, window, cancellationToken);
    }

    public Task<long> TotalAsync(TimeSpan? window = null, CancellationToken cancellationToken = default) =>
        SumOfAsync(string.Empty, window, cancellationToken);

    public async Task<IReadOnlyList<RollingCount>> TopAsync(
        int count, TimeSpan? window = null, CancellationToken cancellationToken = default)
    {
        NumberRange.ThrowIfOutside(count, 1, MostMembers);
        var buckets = BucketsOf(window);
        var asked = await _link.EvaluateAsync(
            Top, TopScript, [_name, _name.Append(":top")], [_resolution, buckets, count], cancellationToken).ConfigureAwait(false);
        var answer = (RedisValue[])asked.OrThrow(Service)!;
        var top = new RollingCount[answer.Length / 2];
        for (var index = 0; index < top.Length; index++)
        {
            top[index] = new RollingCount((string)answer[index * 2]!, (long)(double)answer[(index * 2) + 1]);
        }

        return top;
    }

    public async Task<IReadOnlyList<RollingBucket>> BucketsAsync(
        string? member = null, TimeSpan? window = null, CancellationToken cancellationToken = default)
    {
        if (member is not null)
        {
            KeyRules.ThrowIfInvalidKey(member);
        }

        var (newest, counts) = await ReadAsync(member ?? string.Empty, BucketsOf(window), cancellationToken).ConfigureAwait(false);
        var buckets = new RollingBucket[counts.Length];
        for (var index = 0; index < counts.Length; index++)
        {
            buckets[^(index + 1)] = new RollingBucket(
                DateTimeOffset.FromUnixTimeMilliseconds((newest - index) * _resolution), counts[index]);
        }

        return buckets;
    }

    private async Task<long> SumOfAsync(string member, TimeSpan? window, CancellationToken cancellationToken) =>
        (await ReadAsync(member, BucketsOf(window), cancellationToken).ConfigureAwait(false)).Counts.Sum();

    private async Task<(long Newest, long[] Counts)> ReadAsync(string member, int buckets, CancellationToken cancellationToken)
    {
        var asked = await _link.EvaluateAsync(Sum, BucketsScript, [_name], [_resolution, buckets, member], cancellationToken)
            .ConfigureAwait(false);
        var answer = (long[])asked.OrThrow(Service)!;
        return (answer[0], answer[1..]);
    }

    private async Task<IReadOnlyList<bool>> SendAsync(IReadOnlyList<(string Member, long By)> increments)
    {
        var counts = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var (member, by) in increments)
        {
            counts[member] = counts.GetValueOrDefault(member) + by;
        }

        var arguments = new RedisValue[4 + (counts.Count * 2)];
        (arguments[0], arguments[1], arguments[2], arguments[3]) = (_resolution, _lifetime, _options.MaximumMembers, RollingCount.Others);
        var index = 4;
        foreach (var (member, by) in counts)
        {
            arguments[index++] = member;
            arguments[index++] = by;
        }

        var counted = await _link.EvaluateAsync(Count, CountScript, [_name], arguments, CancellationToken.None).ConfigureAwait(false);
        var confirmed = new bool[increments.Count];
        Array.Fill(confirmed, counted.TryGetValue(out _));
        return confirmed;
    }

    private int BucketsOf(TimeSpan? window)
    {
        if (window is not { } asked)
        {
            return _options.Buckets;
        }

        return asked > TimeSpan.Zero && asked <= _options.Window
            ? _options.BucketsOf(asked)
            : throw new ArgumentOutOfRangeException(
                nameof(window), $"The window must be more than zero and at most {_options.Window:c}, the counter's own, and not {asked:c}.");
    }
}
