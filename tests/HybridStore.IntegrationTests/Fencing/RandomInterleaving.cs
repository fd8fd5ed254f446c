using System.Globalization;
using System.Text;
using HybridStore.Redis;
using HybridStore.Serialization;

namespace HybridStore.IntegrationTests.Fencing;

/// <summary>
/// Two writers and three readers over two instances, one key and one tag, each a step further in an order that a seed decides. A value is
/// made of two rows, one for each writer, so that transactions overlap and commit in any order. After every step Redis is looked at past
/// the stores: what it holds must reflect every write whose invalidation has been applied. So must what a reader gets who began later.
/// </summary>
internal sealed class RandomInterleaving(Race race, int seed)
{
    // The two versions in one number.
    private const long Shift = 1_000_000;

    private readonly Random _random = new(seed);
    private readonly StringBuilder _trace = new();
    private readonly long[] _committed = new long[2];
    private readonly long[] _applied = new long[2];
    private string _key = "";
    private string _tag = "";

    /// <summary>How often Redis held a value when it was looked at.</summary>
    public int Found { get; private set; }

    private Race Race { get; } = race;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>Null, or what was wrong and how it came about.</summary>
    public async Task<string?> RunAsync(int rounds)
    {
        for (var round = 1; round <= rounds; round++)
        {
            if (await RunRoundAsync(round) is { } violation)
            {
                return $"Seed {seed}, round {round}: {violation} after\n{_trace}";
            }
        }

        return null;
    }

    private async Task<string?> RunRoundAsync(int round)
    {
        _trace.Clear();
        (_key, _tag) = ($"pair:{round}", $"pairs:{round}");
        _committed.CopyTo(_applied, 0);

        // Whether writes may be invalidated before their commit, and not again. All that stands for such a write is its fence: a load
        // needs a stamp to see it, and it must not get lost.
        var early = _random.Next(2) == 0;
        Writer[] writers = [new(this, 0, early), new(this, 1, early)];
        Reader[] readers = [new(this, early), new(this, early), new(this, early)];
        if (_random.Next(2) == 0)
        {
            await new Reader(this, early).RunAsync();
        }

        string? violation = null;
        List<IActor> active = [.. writers, .. readers, new Trouble(this, mayLoseGuards: !early)];
        while (active.Count > 0 && violation is null)
        {
            var actor = active[_random.Next(active.Count)];
            if (!await actor.StepAsync())
            {
                active.Remove(actor);
            }

            violation = await ProbeAsync();
        }

        // All are let go first: one may wait for the load of another.
        foreach (var reader in readers)
        {
            reader.LetReturn();
        }

        foreach (var reader in readers)
        {
            violation = await reader.EndAsync() ?? violation;
        }

        foreach (var writer in writers)
        {
            await writer.DisposeAsync();
        }

        return violation ?? await ProbeAsync();
    }

    private async Task<string?> ProbeAsync()
    {
        await Race.SettleAsync();
        byte[]? entry = await Race.Redis.StringGetAsync(Race.First.EntryName(_key));
        if (entry is null)
        {
            return null;
        }

        Found++;
        Assert.True(EntryHeader.TryRead(entry, out var header), "There is no readable entry.");
        return OlderThan(_applied, long.Parse(Encoding.UTF8.GetString(entry.AsSpan(header.Length)), CultureInfo.InvariantCulture))
            is { } older ? $"Redis holds {older}" : null;
    }

    private static string? OlderThan(long[] applied, long pair)
    {
        var (first, second) = Math.DivRem(pair, Shift);
        return first < applied[0] || second < applied[1] ? $"{first},{second} although {applied[0]},{applied[1]} was applied" : null;
    }

    private StoreHost AnyInstance() => _random.Next(2) == 0 ? Race.First : Race.Second;

    private Task<OpenWrite> BeginAsync(int number, long version) => Race.BeginWriteAsync((int)version, number + 1);

    private void Note(string step) => _trace.AppendLine(step);

    private interface IActor
    {
        /// <summary>False when it was the last.</summary>
        Task<bool> StepAsync();
    }

    private sealed class Writer(RandomInterleaving run, int number, bool mayInvalidateEarly) : IActor, IAsyncDisposable
    {
        private readonly bool _early = mayInvalidateEarly && run._random.Next(2) == 0;
        private readonly long _version = run._committed[number] + 1;
        private OpenWrite? _write;
        private int _stage;

        public async Task<bool> StepAsync()
        {
            switch (_stage++)
            {
                case 0:
                    _write = await run.BeginAsync(number, _version);
                    run.Note($"writer {number}: update to {_version}, xid {_write.Xid}");
                    return true;
                case 1 when _early:
                    await InvalidateAsync(mustKnowXid: true);
                    return true;
                case 1 or 2 when run._committed[number] < _version:
                    await _write!.CommitAsync();
                    run._committed[number] = _version;
                    run.Note($"writer {number}: commit");
                    if (!_early)
                    {
                        return true;
                    }

                    // What was applied before holds from now on.
                    run._applied[number] = _version;
                    return run._random.Next(2) == 0;
                default:
                    await InvalidateAsync(mustKnowXid: false);
                    run._applied[number] = _version;
                    return run._random.Next(3) == 0;
            }
        }

        public ValueTask DisposeAsync() => _write?.DisposeAsync() ?? ValueTask.CompletedTask;

        private async Task InvalidateAsync(bool mustKnowXid)
        {
            var names = run._random.Next(3);
            var what = new Invalidation
            {
                Keys = names == 0 ? [] : [run._key],
                Tags = names == 1 ? [] : [run._tag],
                TransactionId = mustKnowXid || run._random.Next(2) == 0 ? _write!.Xid : null,
            };
            await IntegrationTests.Fencing.Race.InvalidateAsync(run.AnyInstance(), what);
            run.Note($"writer {number}: invalidate keys {what.Keys.Count}, tags {what.Tags.Count}, xid {what.TransactionId}");
        }
    }

    private sealed class Reader(RandomInterleaving run, bool stampedOnly) : IActor
    {
        private readonly LoadPath _path = (LoadPath)run._random.Next(stampedOnly ? 3 : 4);
        private readonly StoreHost _host = run.AnyInstance();
        private HeldLoad<long>? _load;
        private Task<long>? _value;
        private long[] _appliedBefore = [];

        public async Task<bool> StepAsync()
        {
            if (_load is null)
            {
                _load = new HeldLoad<long>(ReadAsync);
                _appliedBefore = [.. run._applied];
                _value = _host.Store.GetAsync(run._key, _load.RunAsync, cancellationToken: Cancellation).AsTask();

                // Until it is held in its load, or has its value, or waits in the flight of another reader of its instance.
                await Task.WhenAny(_load.HasRead, _value, SettledAsync());
                run.Note($"reader {_path} in {(_host == run.Race.First ? 1 : 2)}: start");
                return true;
            }

            _load.LetReturn();
            if (_load.Runs > 0)
            {
                await _value!;
            }

            run.Note($"reader {_path} in {(_host == run.Race.First ? 1 : 2)}: return");
            return false;
        }

        public async Task RunAsync()
        {
            await StepAsync();
            await StepAsync();
            await EndAsync();
        }

        public void LetReturn() => _load?.LetReturn();

        /// <summary>What was wrong with the value, if anything was.</summary>
        public async Task<string?> EndAsync()
        {
            if (_load is null)
            {
                return null;
            }

            return OlderThan(_appliedBefore, await _value!.WaitAsync(Cancellation)) is { } older ? $"a reader got {older}" : null;
        }

        private ValueTask<long> ReadAsync(LoadContext context, CancellationToken token)
        {
            context.AddTag(run._tag);
            return _path.ReadAsync<long>(
                "select (select version from item where id = 1) * 1000000::bigint + (select version from item where id = 2)",
                run.Race.First.DataSource,
                context,
                token);
        }

        // A read, a lease and a query take no more than these.
        private async Task SettledAsync()
        {
            for (var trip = 0; trip < 3; trip++)
            {
                await run.Race.SettleAsync();
            }
        }
    }

    /// <summary>What befalls guards: leases end, and Redis loses them.</summary>
    private sealed class Trouble(RandomInterleaving run, bool mayLoseGuards) : IActor
    {
        public async Task<bool> StepAsync()
        {
            RedisLayout layout = run.Race.First.Root.Redis!.Session!.Layout;
            var guard = layout.Guard(0, run._key);
            switch (run._random.Next(4))
            {
                case 0 when mayLoseGuards:
                    run.Note("the guard is lost");
                    await run.Race.Redis.KeyDeleteAsync(guard);
                    break;
                case 1 when await run.Race.Redis.HashExistsAsync(guard, "e"):
                    run.Note("the lease ends");
                    await run.Race.Redis.HashSetAsync(guard, "e", 1);
                    break;
            }

            return run._random.Next(3) != 0;
        }
    }
}
