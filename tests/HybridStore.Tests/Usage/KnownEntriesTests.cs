using HybridStore.Diagnostics;
using HybridStore.Redis;
using HybridStore.Serialization;
using HybridStore.Usage;
using Microsoft.Extensions.Time.Testing;

namespace HybridStore.Tests.Usage;

public sealed class KnownEntriesTests
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
    private readonly PolicyMeter _policy = new("default", "price");
    private readonly KnownEntries _known;

    public KnownEntriesTests()
    {
        // Without a Redis whose clock is known the time is the test's.
        _known = new KnownEntries(new StoreMetrics(null, "test"), new RedisClock(_time), _time);
        _known.Begin();
    }

    [Fact]
    public void Nothing_is_remembered_before_somebody_wants_to_know()
    {
        var unwanted = new KnownEntries(new StoreMetrics(null, "test"), new RedisClock(_time), _time);
        unwanted.Stored("key", _policy, Minute, hasTags: false, generation: 1, fences: 0);

        Assert.Null(unwanted.Find("key"));
    }

    [Fact]
    public void A_key_that_is_not_known_is_cold_unless_its_guard_holds_fences()
    {
        Assert.Equal(MissCause.Cold, CauseOf("key"));
        Assert.Equal(MissCause.Invalidated, CauseOf("key", fences: 1));
    }

    [Fact]
    public void Past_its_end_an_entry_has_expired_and_before_it_was_evicted()
    {
        Store("key");
        _time.Advance(Minute / 2);
        Assert.Equal(MissCause.Evicted, CauseOf("key"));

        _time.Advance(Minute / 2);
        Assert.Equal(MissCause.Expired, CauseOf("key"));
    }

    [Fact]
    public void An_entry_with_tags_went_by_one_of_them()
    {
        Store("key", hasTags: true);

        Assert.Equal(MissCause.Tag, CauseOf("key"));
    }

    [Fact]
    public void Fences_say_that_a_key_was_invalidated_unless_they_stood_when_it_was_stored()
    {
        Store("key", fences: 2);

        Assert.Equal(MissCause.Evicted, CauseOf("key", fences: 2));
        Assert.Equal(MissCause.Invalidated, CauseOf("key", fences: 3));
    }

    [Fact]
    public void What_this_process_invalidates_is_invalidated_until_it_is_stored_again()
    {
        Store("key");
        _known.Invalidated(["key", "other"]);
        Assert.Equal(MissCause.Invalidated, CauseOf("key"));

        Store("key");
        Assert.Equal(MissCause.Evicted, CauseOf("key"));
    }

    [Fact]
    public void What_was_not_stored_was_refused()
    {
        Store("key");
        _known.Refused("key", _policy);

        Assert.Equal(MissCause.Refused, CauseOf("key"));
    }

    [Fact]
    public void An_entry_of_an_earlier_generation_is_gone_with_that()
    {
        Store("key");

        Assert.Equal(MissCause.Generation, CauseOf("key", generation: 2));
        Assert.Equal(MissCause.Evicted, CauseOf("key", generation: 0));
    }

    [Fact]
    public void An_entry_that_another_process_has_stored_is_known_once_it_was_read()
    {
        Read("key", createdAgo: TimeSpan.FromSeconds(30));
        Assert.Equal(MissCause.Evicted, CauseOf("key"));

        _time.Advance(Minute / 2);
        Assert.Equal(MissCause.Expired, CauseOf("key"));
        Assert.Equal((0, 0), _known.Over(_policy));
    }

    [Fact]
    public void What_is_over_is_counted_once_by_whether_it_was_read()
    {
        foreach (var key in new[] { "read", "expired", "replaced", "invalidated", "live" })
        {
            Store(key);
        }

        Read("read", createdAgo: TimeSpan.Zero);
        Assert.Equal((0, 0), Over());

        _known.Invalidated(["invalidated"]);
        Store("replaced");
        Assert.Equal((2, 2), Over());

        _time.Advance(Minute);
        Store("live");
        Assert.Equal((6, 5), Over());
    }

    [Fact]
    public void A_read_that_is_faster_than_the_answer_to_the_store_counts()
    {
        Read("key", createdAgo: TimeSpan.Zero);
        Store("key");
        _time.Advance(Minute);

        Assert.Equal((1, 0), Over());
    }

    [Fact]
    public void A_read_of_another_key_does_not_push_out_an_entry_that_lives()
    {
        for (var i = 0; i < KnownEntries.Places * 4; i++)
        {
            Store($"key:{i}");
        }

        var before = Enumerable.Range(0, 100_000).Count(i => _known.Find($"key:{i}") is not null);
        for (var i = 0; i < 20_000; i++)
        {
            Read($"other:{i}", createdAgo: TimeSpan.Zero);
        }

        Assert.Equal(before, Enumerable.Range(0, 100_000).Count(i => _known.Find($"key:{i}") is not null));
        Assert.InRange(before, 1, KnownEntries.Places);
    }

    [Fact]
    public void A_read_of_what_is_known_allocates_nothing()
    {
        Store("key");
        var header = HeaderOf(TimeSpan.Zero);
        _known.Hit("key", _policy, header, 1, now: null);
        var before = GC.GetAllocatedBytesForCurrentThread();

        for (var i = 0; i < 1000; i++)
        {
            Assert.True(_known.HasRead("key", header.CreatedAt));
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public async Task Counting_by_many_at_once_loses_nothing()
    {
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() =>
        {
            for (var i = 0; i < 10_000; i++)
            {
                _policy.Usage.Hit(TimeSpan.FromMilliseconds(2));
                Store($"key:{i % 50}");
            }
        })));

        Assert.Equal(80_000, _policy.Usage.Hits);
        Assert.Equal(TimeSpan.FromSeconds(160), _policy.Usage.LoadTimeSaved);
        _time.Advance(Minute);
        Assert.Equal((80_000, 80_000), Over());
    }

    private void Store(string key, bool hasTags = false, int fences = 0) =>
        _known.Stored(key, _policy, Minute, hasTags, generation: 1, fences);

    private void Read(string key, TimeSpan createdAgo)
    {
        var header = HeaderOf(createdAgo);
        if (!_known.HasRead(key, header.CreatedAt))
        {
            _known.Hit(key, _policy, header, generation: 1, now: null);
        }
    }

    private EntryHeader HeaderOf(TimeSpan createdAgo)
    {
        var createdAt = _known.Now - (long)createdAgo.TotalMilliseconds;
        var bytes = new byte[EntryHeader.FixedLength];
        EntryHeader.Write(
            bytes,
            new EntryHeaderFields(createdAt + (long)Minute.TotalMilliseconds, createdAt, TimeSpan.Zero, 0, null),
            typeHash: 0,
            isNull: false,
            uncompressedLength: null);
        Assert.True(EntryHeader.TryRead(bytes, out var header));
        return header;
    }

    private string CauseOf(string key, long generation = 1, int fences = 0) =>
        KnownEntries.CauseOf(_known.Find(key), _known.Now, generation, fences);

    /// <summary>What has left its place, and what is still in it.</summary>
    private (long Ended, long NeverRead) Over()
    {
        var (ended, neverRead) = _known.Over(_policy);
        return (ended + _policy.Usage.Ended, neverRead + _policy.Usage.NeverRead);
    }
}
