using HybridStore.Journaling;
using Npgsql;

namespace HybridStore.Writing;

/// <summary>Writes that name in the journal what they change.</summary>
/// <param name="IsDefault">Whether those do that do not say.</param>
/// <param name="Names">The journal; null where there is none.</param>
internal sealed record DurableWriting(bool IsDefault, JournalNames? Names)
{
    /// <param name="options">The journal's.</param>
    /// <param name="isSimulated">Whether there is no database that a journal could be missing in.</param>
    public static DurableWriting Of(JournalOptions options, bool isSimulated = false) =>
        new(options.DurableWrites, options.Enabled || isSimulated ? new JournalNames(options.Schema) : null);

    /// <exception cref="InvalidOperationException">There is no journal.</exception>
    public WriteOptions Resolve(WriteOptions options)
    {
        var durability = options.Durability ?? (IsDefault ? InvalidationDurability.Journal : InvalidationDurability.Process);
        if (durability == InvalidationDurability.Journal && Names is null)
        {
            throw new InvalidOperationException(
                "A durable write needs the journal: watch a table (Watch), or set Journal.Enabled, and install the schema.");
        }

        return options with { Durability = durability };
    }

    /// <summary>The statement that names it, to be run before COMMIT.</summary>
    public NpgsqlBatchCommand Record(Invalidation what) => new($"SELECT {Names!.Record}($1, $2)")
    {
        Parameters =
        {
            new NpgsqlParameter<string[]> { TypedValue = [.. what.Keys] },
            new NpgsqlParameter<string[]> { TypedValue = [.. what.Tags] },
        },
    };
}
