using HybridStore.Consistency.Keys;
using Npgsql;

namespace HybridStore.Consistency.Workers.Writes;

/// <summary>Which writes there are, and how often each is made.</summary>
internal sealed class WriteMix
{
    private readonly (StoreWrite Write, int Share)[] _all;
    private readonly int _shares;

    public WriteMix(IHybridStore store, NpgsqlDataSource past, KeyLayout layout, OperationLog log, TokenBoard tokens)
    {
        _all =
        [
            (new DirectWrite(store, layout, log, tokens), 6000),
            (new StrictWrite(store, layout, log, tokens), 5000),
            (new JoinedWrite(store, layout, log, tokens), 1600),
            (new ApartWrite(store, layout, log, tokens), 800),
            (new EnlistedWrite(store, past, layout, log, tokens), 1600),
            (new RolledBackWrite(store, layout, log, tokens), 800),
            (new ForeignWrite(store, past, layout, log, tokens, namesTransaction: true), 1200),
            (new ForeignWrite(store, past, layout, log, tokens, namesTransaction: false), 1200),
            (new BareInvalidation(store, layout, log, tokens), 1760),
            (new ThroughWrite(store, layout, log, tokens), 3000),
            (new DurableWrite(store, layout, log, tokens), 2400),
            (new BypassWrite(store, past, layout, log, tokens), 3000),
            (new Flush(store, log, tokens), 60),
        ];
        _shares = _all.Sum(one => one.Share);
    }

    public Task WriteAsync(Random random)
    {
        var draw = random.Next(_shares);
        foreach (var (write, share) in _all)
        {
            if ((draw -= share) < 0)
            {
                return write.RunAsync(random);
            }
        }

        throw new InvalidOperationException("The shares do not add up.");
    }
}
