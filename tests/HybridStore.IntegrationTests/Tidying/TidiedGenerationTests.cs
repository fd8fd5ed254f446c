using HybridStore.Redis;
using HybridStore.Redis.Janitor;
using StackExchange.Redis;

namespace HybridStore.IntegrationTests.Tidying;

/// <summary>What the janitor removes of generations, and what it must not touch.</summary>
public sealed class TidiedGenerationTests(ServersFixture servers)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_an_earlier_generation_has_left_goes_once_nobody_reads_there_any_more()
    {
        await using var tidy = await TidyHost.StartAsync(servers);
        await tidy.StoreAsync("user:1", "tag");
        await tidy.StoreAsync("user:2", "tag");
        var old = tidy.Host.Generation;
        RedisKey[] left = [old.Entry(0, "user:1"), old.Entry(0, "user:2"), old.TagSet(0, "tag")];
        await tidy.Host.Store.FlushAsync(Cancellation);
        await tidy.StoreAsync("user:1", "tag");
        RedisKey[] current = [tidy.Host.EntryName("user:1"), tidy.Host.Generation.TagSet(0, "tag")];
        Assert.Equal(3, await tidy.Redis.KeyExistsAsync(left));

        await tidy.SetGraceAsync(old.Number, goesOn: true);
        Assert.Equal(JanitorOutcome.InGrace, await tidy.RunAsync());
        Assert.Equal(3, await tidy.Redis.KeyExistsAsync(left));

        await tidy.SetGraceAsync(old.Number, goesOn: false);
        Assert.Equal(JanitorOutcome.Done, await tidy.RunAsync());
        Assert.Equal(0, await tidy.Redis.KeyExistsAsync(left));
        Assert.Equal(2, await tidy.Redis.KeyExistsAsync(current));
    }

    [Fact]
    public async Task An_earlier_generation_that_has_no_grace_on_record_goes_too()
    {
        await using var tidy = await TidyHost.StartAsync(servers);
        RedisKey[] left = [tidy.Name(0, "e:7:user:1"), tidy.Name(0, "t:7:tag"), tidy.Name(0, "e:7:{odd}:e:8:*")];
        await SetAllAsync(tidy, left);

        Assert.Equal(JanitorOutcome.Done, await tidy.RunAsync());

        Assert.Equal(0, await tidy.Redis.KeyExistsAsync(left));
    }

    [Fact]
    public async Task What_is_named_in_a_later_generation_is_never_touched()
    {
        await using var tidy = await TidyHost.StartAsync(servers);
        var later = tidy.Host.Root.Redis!.Session!.Generations.Of(tidy.Host.Generation.Number + 1);
        RedisKey[] names = [later.Entry(0, "user:1"), tidy.Name(0, "e:99999999999999999999:x"), tidy.Name(0, "t:9007199254740993:x")];
        await SetAllAsync(tidy, names);
        await tidy.Redis.SortedSetAddAsync(later.TagSet(0, "tag"), "expired", 1);

        Assert.Equal(JanitorOutcome.Done, await tidy.RunAsync());

        Assert.Equal(3, await tidy.Redis.KeyExistsAsync(names));
        Assert.Equal(1, await tidy.Redis.SortedSetLengthAsync(later.TagSet(0, "tag")));
    }

    [Fact]
    public async Task Where_the_record_of_the_generation_is_lost_nothing_is_removed()
    {
        await using var tidy = await TidyHost.StartAsync(servers);
        await tidy.AddExpiredAsync("tag", 3);
        RedisKey[] names = [tidy.Host.Generation.TagSet(0, "tag"), tidy.Name(0, "e:7:user:1"), tidy.Host.EntryName("user:1")];
        await SetAllAsync(tidy, names[1..]);
        await tidy.Redis.KeyDeleteAsync(tidy.Layout.State(0));

        Assert.Equal(JanitorOutcome.Done, await tidy.RunAsync());

        Assert.Equal(3, await tidy.Redis.KeyExistsAsync(names));
        Assert.Equal(3, await tidy.Redis.SortedSetLengthAsync(names[0]));
    }

    [Fact]
    public async Task A_partition_that_has_not_been_told_of_a_raise_loses_nothing()
    {
        await using var tidy = await TidyHost.StartAsync(servers, options => options.Partitions = 2);
        var old = tidy.Host.Generation;
        await tidy.Host.Store.FlushAsync(Cancellation);
        await tidy.Redis.HashSetAsync(tidy.Layout.State(1), "g", old.Text);
        RedisKey[] names = [old.Entry(0, "a"), old.Entry(1, "a"), tidy.Host.Generation.Entry(1, "a")];
        await SetAllAsync(tidy, names);
        await tidy.SetGraceAsync(old.Number, goesOn: false);

        Assert.Equal(JanitorOutcome.Done, await tidy.RunAsync());

        Assert.False(await tidy.Redis.KeyExistsAsync(names[0]));
        Assert.Equal(2, await tidy.Redis.KeyExistsAsync(names[1..]));
    }

    [Fact]
    public async Task A_raise_while_it_runs_takes_nothing_from_those_who_still_read_before_it()
    {
        Action? raise = null;
        await using var tidy = await TidyHost.StartAsync(servers, options => options.CutScript = script =>
        {
            if (script == RedisScript.Trim.For(serverKnowsFlags: true))
            {
                Interlocked.Exchange(ref raise, null)?.Invoke();
            }

            return script;
        });
        await tidy.StoreAsync("user:1", "tag");
        await tidy.AddExpiredAsync("tag", 3);
        var old = tidy.Host.Generation;
        RedisKey[] names = [old.Entry(0, "user:1"), old.TagSet(0, "tag")];
        raise = () => tidy.Redis.HashSet(
            tidy.Layout.State(0), [new HashEntry("g", old.Number + 1), new HashEntry($"o{old.Text}", 9_999_999_999_999)]);

        // Between the look at the generation and what is done about its tag sets.
        Assert.Equal(JanitorOutcome.Done, await tidy.RunAsync());

        Assert.Null(raise);
        Assert.Equal(2, await tidy.Redis.KeyExistsAsync(names));
        Assert.Equal(1, await tidy.Redis.SortedSetLengthAsync(names[1]));
        Assert.Equal(JanitorOutcome.InGrace, await tidy.RunAsync());
        Assert.Equal(2, await tidy.Redis.KeyExistsAsync(names));
        await tidy.SetGraceAsync(old.Number, goesOn: false);
        Assert.Equal(JanitorOutcome.Done, await tidy.RunAsync());
        Assert.Equal(0, await tidy.Redis.KeyExistsAsync(names));
    }

    [Fact]
    public async Task Nobody_elses_names_are_touched_however_much_they_look_alike()
    {
        await using var tidy = await TidyHost.StartAsync(servers);
        await using var neighbour = await TidyHost.StartAsync(servers);
        await neighbour.StoreAsync("user:1", "tag");
        await neighbour.AddExpiredAsync("tag", 3);
        var prefix = tidy.Host.Prefix;
        RedisKey[] names =
        [
            neighbour.Host.EntryName("user:1"),
            neighbour.Name(0, "e:7:user:1"),
            $"{prefix}:x:{{0}}:e:7:a",
            $"x{prefix}:{{0}}:e:7:a",
            $"{prefix}{{0}}:e:7:a",
            $"{prefix}:{{99}}:e:7:a",
            $"{prefix}:{{}}:e:7:a",
            $"{prefix}:{{0}}:e:7",
            $"{prefix}:{{0}}:e:7:",
            $"{prefix}:{{0}}:e:07:a",
            $"{prefix}:{{0}}:e:-7:a",
            $"{prefix}:{{0}}:e:+7:a",
            $"{prefix}:{{0}}:e:7a:a",
            $"{prefix}:{{0}}:e::a",
            $"{prefix}:{{0}}:ee:7:a",
            $"{prefix}:{{0}}:g:a}}:e:7:a",
            $"{prefix}:{{0}}:f:a}}:t:7:a",
            $"{prefix}:layout2",
            tidy.Layout.Guard(0, "user:1"),
        ];
        await SetAllAsync(tidy, names[1..]);

        Assert.Equal(JanitorOutcome.Done, await tidy.RunAsync());

        Assert.Equal(names.Length, await tidy.Redis.KeyExistsAsync(names));
        Assert.Equal(4, await tidy.Redis.SortedSetLengthAsync(neighbour.Host.Generation.TagSet(0, "tag")));
    }

    private static async Task SetAllAsync(TidyHost tidy, RedisKey[] names)
    {
        foreach (var name in names)
        {
            await tidy.Redis.StringSetAsync(name, "x");
        }
    }
}
