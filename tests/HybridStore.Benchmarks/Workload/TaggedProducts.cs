using HybridStore.Servers;

namespace HybridStore.Benchmarks.Workload;

/// <summary>Very many cached products under one tag. One of them is read through the store; the others are copies of its entry, made in
/// Redis, as many reads would have left them.</summary>
internal sealed class TaggedProducts(RedisServer redis, IHybridStore store, int members)
{
    private const string Tag = "catalogue";
    private const int CopiesPerCall = 2000;

    private const string Find =
        """
        local entries, sets = redis.call('KEYS', '*:e:*:offer:0'), redis.call('KEYS', '*:t:*:catalogue')
        if #entries ~= 1 or #sets ~= 1 then return false end
        return { entries[1], sets[1] }
        """;

    private const string Copy =
        """
        local entry, set = ARGV[1], ARGV[2]
        local prefix = string.sub(entry, 1, #entry - 1)
        local bytes, lifetime, expiry = redis.call('GET', entry), redis.call('PTTL', entry), redis.call('ZSCORE', set, 'offer:0')
        for i = tonumber(ARGV[3]), tonumber(ARGV[4]) do
          redis.call('SET', prefix .. i, bytes, 'PX', lifetime)
          redis.call('ZADD', set, expiry + i, 'offer:' .. i)
        end
        return redis.call('ZCARD', set)
        """;

    // What a careless cache would do.
    private const string DeleteAtOnce =
        """
        local set = redis.call('KEYS', '*:t:*:catalogue')[1]
        local prefix = string.sub(ARGV[1], 1, -8)
        local members = redis.call('ZRANGE', set, 0, -1)
        for i = 1, #members do members[i] = prefix .. members[i] end
        for i = 1, #members, 5000 do
          redis.call('DEL', unpack(members, i, math.min(i + 4999, #members)))
        end
        redis.call('DEL', set)
        return #members
        """;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(2);

    private readonly string[] _keys = [.. Enumerable.Range(0, members).Select(i => string.Create(null, $"offer:{i}"))];
    private string _entry = string.Empty;

    public int Members => members;

    /// <summary>Called before and after each load, with the member's number.</summary>
    public Action<int>? Loading { get; set; }

    /// <inheritdoc cref="Loading"/>
    public Action<int>? Loaded { get; set; }

    /// <summary>Puts all of them into Redis.</summary>
    public async Task FillAsync()
    {
        await store.InvalidateTagAsync(Tag);
        await ReadAsync(0);
        var found = await redis.RunAsync("EVAL", Find, "0");
        while (found.IsNull)
        {
            // It is stored behind its reader.
            await Task.Delay(Pause);
            found = await redis.RunAsync("EVAL", Find, "0");
        }

        _entry = (string)found[0]!;
        var copied = 1L;
        for (var from = 1; from < members; from += CopiesPerCall)
        {
            var to = Math.Min(from + CopiesPerCall, members) - 1;
            copied = (long)await redis.RunAsync(
                "EVAL", Copy, "0", _entry, (string)found[1]!, string.Create(null, $"{from}"), string.Create(null, $"{to}"));
        }

        if (copied != members)
        {
            throw new InvalidOperationException($"The tag has {copied} members and not {members}.");
        }
    }

    /// <summary>Invalidates the tag by a write, whose transaction id is then known.</summary>
    public async Task InvalidateByWriteAsync()
    {
        var receipt = await store.WriteAsync(async (write, token) =>
        {
            await write.ExecuteAsync("update product set stock = stock + 1 where id = 1", cancellationToken: token);
            write.InvalidateTag(Tag);
        });
        await receipt.WhenApplied();
    }

    /// <summary>Invalidates the tag by its name alone.</summary>
    public async Task InvalidateByNameAsync() => await (await store.InvalidateTagAsync(Tag)).WhenApplied();

    /// <summary>Deletes all of them in one step, without the store.</summary>
    public async Task DeleteAtOnceAsync() => await redis.RunAsync("EVAL", DeleteAtOnce, "0", _entry);

    /// <summary>Fails if any is left.</summary>
    public async Task CheckAllAreGoneAsync()
    {
        var left = await redis.RunAsync("KEYS", "*:e:*:offer:*");
        if (left.Length > 0)
        {
            throw new InvalidOperationException($"{left.Length} members are left after the invalidation.");
        }
    }

    public ValueTask<Product> ReadAsync(int member) => store.GetAsync(
        _keys[member],
        (Products: this, member),
        static (state, context, token) => state.Products.LoadAsync(state.member, context, token));

    private async ValueTask<Product> LoadAsync(int member, LoadContext context, CancellationToken cancellationToken)
    {
        Loading?.Invoke(member);
        try
        {
            context.AddTag(Tag);
            var id = (member % ProductTable.Rows) + 1;
            return (await context.QuerySingleOrDefaultAsync<Product>(ProductTable.ById, new { id }, cancellationToken))!;
        }
        finally
        {
            Loaded?.Invoke(member);
        }
    }
}
