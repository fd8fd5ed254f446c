using HybridStore.Consistency.Keys;

namespace HybridStore.Consistency.Workers.Reads;

/// <summary>What each kind of key is loaded from.</summary>
internal sealed class StoreLoads(KeyLayout layout)
{
    public async ValueTask<IReadOnlyList<RowValue>> ReadAsync(ReadCall call) => call.Key.Kind switch
    {
        KeyKind.Item or KeyKind.Member => [await ReadRowAsync(call)],
        _ => await ReadRowsAsync(call, call.Key),
    };

    private async ValueTask<RowValue> ReadRowAsync(ReadCall call) => await call.Store.GetAsync<RowValue>(
        call.Key.Name,
        async (load, cancellationToken) =>
        {
            call.Loaded = true;
            Tag(load, call.Key);
            var row = await load.QuerySingleOrDefaultAsync<RowValue>(
                RowStatements.Row, new { id = call.Key.Number }, cancellationToken);
            await LoadHolds.PassAsync(call.Hold);
            return row!;
        },
        Options(call.Key));

    private async ValueTask<IReadOnlyList<RowValue>> ReadRowsAsync(ReadCall call, SoakKey key) =>
        await call.Store.GetAsync<IReadOnlyList<RowValue>>(
            key.Name,
            async (load, cancellationToken) =>
            {
                call.Loaded = true;
                Tag(load, key);
                if (KeyLayout.PartOf(key) is not { } part)
                {
                    var rows = await load.QueryAsync<RowValue>(RowStatements.Group, new { id = key.Number }, cancellationToken);
                    await LoadHolds.PassAsync(call.Hold);
                    return rows;
                }

                // A statement of its own: without any an entry has no stamp, whatever it is built from.
                await load.ExecuteScalarAsync<int>("select 1", cancellationToken: cancellationToken);
                return await ReadRowsAsync(call, part);
            },
            Options(key));

    private void Tag(LoadContext load, SoakKey key)
    {
        if (layout.TagOf(key) is { } tag)
        {
            load.AddTag(tag);
        }
    }

    public static EntryOptions Options(SoakKey key) => new() { TimeToLive = Lifetimes.Of(key) };
}
