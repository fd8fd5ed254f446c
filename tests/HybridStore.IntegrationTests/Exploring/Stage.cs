using System.Globalization;
using System.Text;
using HybridStore.Serialization;
using Npgsql;
using StackExchange.Redis;

namespace HybridStore.IntegrationTests.Exploring;

/// <summary>What one order is played on: fresh keys and tags, what they hold, and the judgement on it.</summary>
internal sealed class Stage
{
    private readonly List<string> _notes = [];
    private readonly List<Func<ValueTask>> _cleaning = [];
    private string? _violation;

    public Stage(Rig rig)
    {
        Rig = rig;
        Number = Rig.NextNumber();
        Ledger = new Ledger(rig.Newest);
        Tag = string.Create(CultureInfo.InvariantCulture, $"tag:{Number}");
        Items = [new Item(KeyOf("item"), [Tag], 0, 2)];
    }

    public Rig Rig { get; }

    public Ledger Ledger { get; }

    public long Number { get; }

    public string Tag { get; }

    /// <summary>What is cached: one item of two rows, unless the scenario says otherwise.</summary>
    public IReadOnlyList<Item> Items { get; set; }

    public Item Item => Items[0];

    /// <summary>Under which names a write of the item is invalidated.</summary>
    public Invalidation ByKey => new() { Keys = [Item.Key] };

    public Invalidation ByTag => new() { Tags = [Tag] };

    public Invalidation ByBoth => new() { Keys = [Item.Key], Tags = [Tag] };

    /// <summary>What was prepared for loads that read over a connection of their own.</summary>
    public NpgsqlConnection? Connection { get; set; }

    /// <summary>How often Redis held a value when it was looked at.</summary>
    public int Found { get; private set; }

    public RedisKey Guard => Rig.Layout.Guard(0, Item.Key);

    public RedisKey TagFences => Rig.Layout.TagFences(0, Tag);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public string KeyOf(string name) => string.Create(CultureInfo.InvariantCulture, $"{name}:{Number}");

    /// <summary>The statement of a write.</summary>
    public string UpdateOf(Ledger.Write write) => string.Create(
        CultureInfo.InvariantCulture, $"update explored set version = {write.Version} where id = {Rig.FirstRow + write.Row}");

    /// <summary>Says in the trace what came of a step.</summary>
    public void Note(string note)
    {
        lock (_notes)
        {
            _notes.Add(note);
        }
    }

    public IReadOnlyList<string> TakeNotes()
    {
        lock (_notes)
        {
            string[] notes = [.. _notes];
            _notes.Clear();
            return notes;
        }
    }

    /// <summary>What is to be done when the order is over.</summary>
    public void Afterwards(Func<ValueTask> clean) => _cleaning.Add(clean);

    public async Task CleanAsync()
    {
        foreach (var clean in _cleaning)
        {
            await clean();
        }
    }

    /// <summary>Reads as an application does. It must reflect what had been applied before it began, unless it says itself that it may
    /// not.</summary>
    public async Task ReadAsync(
        StoreHost host, Item item, Func<LoadContext, CancellationToken, ValueTask<string>> load, bool mayBeOld = false)
    {
        var required = Ledger.RequiredOfReaders(item);
        var value = Ledger.Parse(await host.Store.GetAsync(item.Key, load, cancellationToken: Cancellation));
        Note($"gets {Ledger.Text(item, value)}");
        if (!mayBeOld && Ledger.IsOlder(value, required))
        {
            _violation ??= $"A reader got {Ledger.Text(item, value)} of {item.Key} although "
                + $"{Ledger.Text(item, required)} had been applied before it began";
        }
    }

    /// <summary>The same for several items at once.</summary>
    public async Task ReadManyAsync(StoreHost host, IReadOnlyList<Item> items)
    {
        int[][] required = [.. items.Select(Ledger.RequiredOfReaders)];
        var values = await host.Store.GetManyAsync(
            [.. items.Select(item => item.Key)], static key => key, items, this.LoadManyAsync, cancellationToken: Cancellation);
        for (var i = 0; i < items.Count; i++)
        {
            var value = Ledger.Parse(values[i]!);
            Note($"gets {Ledger.Text(items[i], value)}");
            if (Ledger.IsOlder(value, required[i]))
            {
                _violation ??= $"A reader of many got {Ledger.Text(items[i], value)} of {items[i].Key} although "
                    + $"{Ledger.Text(items[i], required[i])} had been applied before it began";
            }
        }
    }

    /// <summary>Fills the cache with several items.</summary>
    public Task WarmAsync(StoreHost host, IReadOnlyList<Item> items) => host.Store.WarmAsync(
        items.Select(item => item.Key).ToAsyncEnumerable(), static key => key, items, this.LoadManyAsync, cancellationToken: Cancellation);

    /// <summary>Looks at Redis past the stores, when all is done that they have sent there.</summary>
    public async Task<string?> CheckAsync()
    {
        foreach (var item in Items)
        {
            if (await CachedAsync(item) is { } cached)
            {
                Found++;
                var required = Ledger.RequiredInRedis(item);
                if (Ledger.IsOlder(cached, required))
                {
                    _violation ??= $"Redis holds {Ledger.Text(item, cached)} of {item.Key} although "
                        + $"{Ledger.Text(item, required)} has been applied";
                }
            }
        }

        return _violation;
    }

    /// <summary>When all is over, readers of either instance get the newest rows, and the cache is of use.</summary>
    public async Task<string?> EndAsync()
    {
        foreach (var item in Items.Reverse())
        {
            var newest = Ledger.Newest(item);
            foreach (var host in (StoreHost[])[Rig.First, Rig.Second])
            {
                var value = Ledger.Parse(
                    await host.Store.GetAsync(item.Key, item.Load(this, host), cancellationToken: Cancellation));
                if (Ledger.IsOlder(value, newest))
                {
                    return $"In the end a reader gets {Ledger.Text(item, value)} of {item.Key}, not {Ledger.Text(item, newest)}";
                }

                // What the first has sent is in Redis before the second asks.
                await CheckAsync();
            }

            if (await CachedAsync(item) is null)
            {
                return $"In the end nothing is stored under {item.Key}";
            }
        }

        return _violation;
    }

    private async Task<int[]?> CachedAsync(Item item)
    {
        var entry = await Rig.SettledEntryAsync(item.Key);
        if (entry is null)
        {
            return null;
        }

        Assert.True(EntryHeader.TryRead(entry, out var header), "There is no readable entry.");
        return Ledger.Parse(Encoding.UTF8.GetString(entry.AsSpan(header.Length)).Trim('"'));
    }
}
