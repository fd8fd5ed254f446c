using System.Data;
using HybridStore.Consistency.History;
using HybridStore.Consistency.Keys;

namespace HybridStore.Consistency.Workers.Writes;

/// <summary>A write of the default level, now and then at a higher isolation level, where it may have to be run again.</summary>
internal sealed class DirectWrite(IHybridStore store, KeyLayout layout, OperationLog log, TokenBoard tokens)
    : StoreWrite(store, log, tokens)
{
    private static readonly WriteOptions Repeated = new() { IsolationLevel = IsolationLevel.RepeatableRead, MaxAttempts = 50 };

    public override Task RunAsync(Random random)
    {
        var change = Change.Any(random, layout);
        var options = random.Next(8) == 0 ? Repeated : null;
        var id = Log.Begin(OperationKind.Direct, change.Names);
        return CompleteAsync(
            id, change.Rows[0], () => Store.WriteAsync((write, token) => change.ApplyAsync(write, id, token), options));
    }
}
