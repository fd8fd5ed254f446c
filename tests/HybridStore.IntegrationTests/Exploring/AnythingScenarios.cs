using System.Globalization;
using HybridStore.Fencing;
using HybridStore.IntegrationTests.Fencing;

namespace HybridStore.IntegrationTests.Exploring;

/// <summary>
/// Two writers and three readers over two instances, and what befalls guards: a number decides how each reads, writes and invalidates, and
/// whether the item is cached at first. Far too many orders to run them all.
/// </summary>
internal sealed class AnythingScenarios
{
    public const string Name = "anything";

    private readonly Stage _stage;
    private readonly Random _random;

    // Whether writes may be invalidated before their commit, and not again. All that stands for such a write is its fence: a load needs a
    // stamp to see it, and it must not get lost.
    private readonly bool _early;

    private AnythingScenarios(Stage stage, int number)
    {
        (_stage, _random) = (stage, new Random(number));
        _early = _random.Next(2) == 0;
    }

    public static Scenario Of(int number) => new(
        string.Create(CultureInfo.InvariantCulture, $"{Name} {number}"),
        stage => new AnythingScenarios(stage, number).Cast())
    {
        PrepareAsync = stage => number % 2 == 0
            ? stage.ReadAsync(stage.Rig.First, stage.Item, stage.Item.Load(stage, stage.Rig.First))
            : Task.CompletedTask,
        Passes = new HashSet<ProtocolStep>(number % 4 < 2 ? [ProtocolStep.Join] : []),
    };

    private IReadOnlyList<Actor> Cast() =>
    [
        Writer('V', 0),
        Writer('W', 1),
        Reader('R'),
        Reader('S'),
        Reader('T'),
        _early || _random.Next(2) == 0 ? _stage.LeaseEnd('E') : _stage.GuardLoss('E'),
        _early || _random.Next(2) == 0 ? _stage.LeaseEnd('F') : _stage.GuardLoss('F'),
    ];

    private Actor Reader(char letter) => _stage.Reader(letter, AnyInstance(), (LoadPath)_random.Next(_early ? 3 : 4));

    private Actor Writer(char letter, int row)
    {
        var host = AnyInstance();
        if (!_early && _random.Next(3) == 0)
        {
            return _stage.Writer(letter, host, row, AnyNames());
        }

        var isEarly = _early && _random.Next(2) == 0;
        var (names, again) = (AnyNames(), AnyNames());
        var (knowsXid, repeats, knowsXidThen) = (_random.Next(2) == 0, _random.Next(2) == 0, _random.Next(2) == 0);
        return _stage.Writer(letter, row, async write =>
        {
            if (isEarly)
            {
                await write.InvalidateAsync(host, names);
                await write.CommitAsync();
            }
            else
            {
                await write.CommitAsync();
                await write.InvalidateAsync(host, names, knowsXid);
            }

            if (repeats)
            {
                await write.InvalidateAsync(_stage.Rig.Beside(host), again, knowsXidThen);
            }
        });
    }

    private StoreHost AnyInstance() => _random.Next(2) == 0 ? _stage.Rig.First : _stage.Rig.Second;

    private Invalidation AnyNames() => _random.Next(3) switch
    {
        0 => _stage.ByKey,
        1 => _stage.ByTag,
        _ => _stage.ByBoth,
    };
}
