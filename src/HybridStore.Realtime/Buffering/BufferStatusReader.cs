using Npgsql;

namespace HybridStore.Realtime.Buffering;

/// <summary>Asks both servers what a buffer holds. Safe to use from any thread.</summary>
internal sealed class BufferStatusReader(
    PartitionStream[] streams, BufferTables tables, DeadLetters letters, Func<NpgsqlDataSource> dataSource, string buffer)
{
    public async Task<WriteBufferStatus> ReadAsync(CancellationToken cancellationToken)
    {
        var (length, bytes, oldest) = (0L, 0L, TimeSpan.Zero);
        foreach (var stream in streams)
        {
            var result = await stream.StatusAsync(cancellationToken).ConfigureAwait(false);
            if (!result.TryGetValue(out var partition))
            {
                throw new BufferUnavailableException(buffer, result.Error);
            }

            length += partition.Rows;
            bytes += partition.Bytes;
            oldest = partition.Age > oldest ? partition.Age : oldest;
        }

        return new WriteBufferStatus
        {
            Length = length,
            Bytes = bytes,
            OldestAge = oldest,
            WrittenRows = await tables.CountWrittenAsync(dataSource(), cancellationToken).ConfigureAwait(false),
            DeadLetters = await letters.CountAsync(dataSource(), cancellationToken).ConfigureAwait(false),
        };
    }
}
