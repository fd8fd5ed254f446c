using HybridStore.Consistency.History;
using HybridStore.Consistency.Keys;
using Npgsql;

namespace HybridStore.Consistency.Workers.Writes;

/// <summary>What a write is to do: raise the versions of some rows, and name what shows them, by key, by tag or by both.</summary>
internal sealed class Change
{
    private const int MostRows = 3;

    private Change(int[] rows, Names names) => (Rows, Names) = (rows, names);

    /// <summary>Ascending, so that writers who wait for each other do not wait in a circle.</summary>
    public int[] Rows { get; }

    public Names Names { get; }

    /// <param name="random">Decides.</param>
    /// <param name="layout">The rows.</param>
    /// <param name="least">The first row that may be taken.</param>
    public static Change Any(Random random, KeyLayout layout, int least = 0)
    {
        var written = layout.Written.Where(row => row >= least).ToArray();
        var count = Math.Min(random.Next(1, MostRows + 1), written.Length);
        var rows = new SortedSet<int>();
        while (rows.Count < count)
        {
            rows.Add(written[random.Next(written.Length)]);
        }

        return new Change([.. rows], NamesOf(random, layout, rows));
    }

    /// <summary>The same for some of its rows. What it names stays, unless the other part is to name it.</summary>
    public Change Part(Range rows, bool isFirst) => new(Rows[rows], isFirst ? Names with { Tags = [] } : Names with { Keys = [] });

    /// <summary>In a write of the store.</summary>
    public async Task ApplyAsync(WriteContext write, long writer, CancellationToken cancellationToken)
    {
        foreach (var key in Names.Keys)
        {
            write.Invalidate(key);
        }

        foreach (var tag in Names.Tags)
        {
            write.InvalidateTag(tag);
        }

        foreach (var id in Rows)
        {
            await write.ExecuteAsync(RowStatements.Raise, new { id, writer }, cancellationToken);
        }
    }

    /// <summary>In a transaction that no store knows of.</summary>
    public async Task ApplyAsync(NpgsqlConnection connection, long writer)
    {
        foreach (var id in Rows)
        {
            await using var command = new NpgsqlCommand(RowStatements.Raise, connection);
            command.Parameters.AddWithValue("id", id);
            command.Parameters.AddWithValue("writer", writer);
            await command.ExecuteNonQueryAsync();
        }
    }

    private static Names NamesOf(Random random, KeyLayout layout, IEnumerable<int> rows)
    {
        var keys = new SortedSet<string>(StringComparer.Ordinal);
        var tags = new SortedSet<string>(StringComparer.Ordinal);
        var way = random.Next(4);
        foreach (var row in rows)
        {
            switch (way)
            {
                case 0:
                    // Every key that shows it.
                    keys.UnionWith(layout.KeysOf(row).Select(key => key.Name));
                    break;
                case 1:
                    // Its own key alone: whatever else shows it may go on as it is.
                    keys.Add(new SoakKey(KeyKind.Item, row).Name);
                    break;
                default:
                    keys.Add(new SoakKey(KeyKind.Item, row).Name);
                    tags.Add(layout.TagOfGroup(layout.GroupOf(row)));
                    break;
            }
        }

        return new Names([.. keys], [.. tags]);
    }
}
