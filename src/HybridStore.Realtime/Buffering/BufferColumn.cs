using Npgsql;

namespace HybridStore.Realtime.Buffering;

/// <summary>A column and where its values come from.</summary>
internal abstract class BufferColumn<T>(string name)
{
    public string Name { get; } = name;

    /// <summary>A place for the values of a batch.</summary>
    public abstract ColumnValues<T> NewValues();
}

/// <summary>The values of one column in a batch. They are taken from the rows before anything is sent: one that throws spoils its own row
/// only.</summary>
internal abstract class ColumnValues<T>
{
    public abstract void Take(T row);

    /// <summary>Forgets all values but the first ones.</summary>
    public abstract void Keep(int count);

    public abstract Task WriteAsync(NpgsqlBinaryImporter importer, int index, string dataType, CancellationToken cancellationToken);
}

internal sealed class PlainColumn<T, TValue>(string name, Func<T, TValue?> value) : BufferColumn<T>(name)
{
    public override ColumnValues<T> NewValues() => new Values(value);

    private sealed class Values(Func<T, TValue?> value) : ColumnValues<T>
    {
        private readonly List<TValue?> _values = [];

        public override void Take(T row) => _values.Add(value(row));

        public override void Keep(int count) => _values.RemoveRange(count, _values.Count - count);

        public override Task WriteAsync(NpgsqlBinaryImporter importer, int index, string dataType, CancellationToken cancellationToken) =>
            _values[index] is { } value
                ? importer.WriteAsync(value, dataType, cancellationToken)
                : importer.WriteNullAsync(cancellationToken);
    }
}

internal sealed class NullableColumn<T, TValue>(string name, Func<T, TValue?> value) : BufferColumn<T>(name)
    where TValue : struct
{
    public override ColumnValues<T> NewValues() => new Values(value);

    private sealed class Values(Func<T, TValue?> value) : ColumnValues<T>
    {
        private readonly List<TValue?> _values = [];

        public override void Take(T row) => _values.Add(value(row));

        public override void Keep(int count) => _values.RemoveRange(count, _values.Count - count);

        public override Task WriteAsync(NpgsqlBinaryImporter importer, int index, string dataType, CancellationToken cancellationToken) =>
            _values[index] is { } value
                ? importer.WriteAsync(value, dataType, cancellationToken)
                : importer.WriteNullAsync(cancellationToken);
    }
}
