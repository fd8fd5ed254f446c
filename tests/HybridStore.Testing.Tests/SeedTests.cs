using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace HybridStore.Testing.Tests;

/// <summary>Entries that the test puts there, and when entries end.</summary>
public sealed class SeedTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly InMemoryHybridStore _store;

    public SeedTests() => _store = new(new InMemoryHybridStoreOptions { TimeProvider = _time });

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_seeded_value_is_a_hit_until_it_expires_or_is_invalidated()
    {
        _store.Seed("one", 1);
        _store.Seed("two", 2, null, "tag");
        Assert.Equal((1, 2), (await ReadAsync("one"), await ReadAsync("two")));
        Assert.Empty(_store.Invalidations);

        await _store.InvalidateTagAsync("tag", Cancellation);
        _time.Advance(TimeSpan.FromMinutes(10) - TimeSpan.FromMilliseconds(1));

        Assert.True(_store.IsCached("one"));
        Assert.False(_store.IsCached("two"));
        _time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.False(_store.IsCached("one"));
        Assert.Equal(-1, await ReadAsync("one"));
    }

    [Fact]
    public async Task Nothing_is_left_to_chance()
    {
        var options = new EntryOptions { TimeToLive = TimeSpan.FromSeconds(10), Jitter = 0.5, Beta = 100 };
        for (var i = 0; i < 50; i++)
        {
            await _store.GetAsync($"key:{i}", static (_, _) => ValueTask.FromResult(1), options, Cancellation);
        }

        _time.Advance(TimeSpan.FromSeconds(9.999));
        Assert.All(Enumerable.Range(0, 50), i => Assert.True(_store.IsCached($"key:{i}")));
        _time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.All(Enumerable.Range(0, 50), i => Assert.False(_store.IsCached($"key:{i}")));
    }

    [Fact]
    public async Task A_missing_row_can_be_seeded_and_a_value_seeded_over_another()
    {
        _store.Seed<Product?>("key", null, new EntryOptions { NegativeTimeToLive = TimeSpan.FromSeconds(30) });
        Assert.Null(await _store.GetAsync<Product>("key", "select", cancellationToken: Cancellation));

        _store.Seed("key", new Product(1, "Cup", 10));
        Assert.Equal("Cup", (await _store.GetAsync<Product>("key", "select", cancellationToken: Cancellation))?.Name);
    }

    [Fact]
    public void What_cannot_be_cached_is_refused()
    {
        Assert.Throws<ArgumentException>("key", () => _store.Seed("", 1));
        Assert.Throws<ArgumentException>("tags[1]", () => _store.Seed("key", 1, null, "good", ""));
        Assert.Throws<ArgumentException>("options", () => _store.Seed("key", 1, EntryOptions.Never));
        Assert.Throws<ArgumentException>("options", () => _store.Seed("key", 1, EntryOptions.Policy("nobody")));
        Assert.Throws<ArgumentException>("options", () => _store.Seed<string?>("key", null));
        Assert.Throws<ArgumentException>("value", () => _store.Seed("key", "long", new EntryOptions { MaximumPayloadBytes = 2 }));
        Assert.Throws<NotSupportedException>(() => _store.Seed("key", (1, 2)));
        Assert.Throws<ArgumentException>("key", () => _store.IsCached(""));
        Assert.False(_store.IsCached("key"));
    }

    [Fact]
    public void Settings_are_refused_for_the_reasons_of_production()
    {
        Assert.Throws<OptionsValidationException>(
            () => new InMemoryHybridStore(new InMemoryHybridStoreOptions { Configure = options => options.FenceTtl = TimeSpan.Zero }));
        Assert.Throws<ArgumentNullException>(() => new InMemoryHybridStore((InMemoryHybridStoreOptions)null!));
    }

    private ValueTask<int> ReadAsync(string key) =>
        _store.GetAsync(key, static (_, _) => ValueTask.FromResult(-1), cancellationToken: Cancellation);
}
