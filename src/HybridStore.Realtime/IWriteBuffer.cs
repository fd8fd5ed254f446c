using Npgsql;

namespace HybridStore.Realtime;

/// <summary>Takes rows into Redis at once, and has them written into a table of PostgreSQL in batches, by workers of any process: each row that
/// was acknowledged arrives exactly once. Registered by <c>AddWriteBuffer</c>. Safe to use from any thread.</summary>
/// <remarks>What Redis has acknowledged is as safe as its persistence: with an append-only file that is flushed every second a crash of its
/// machine loses up to that second. Rows arrive in no particular order.</remarks>
/// <typeparam name="T">A row as the application has it.</typeparam>
public interface IWriteBuffer<T>
    where T : notnull
{
    /// <summary>Appends a row. When it ends without an exception the row will arrive, once.</summary>
    /// <param name="row">The row. It is serialized before the call returns.</param>
    /// <param name="cancellationToken">Ends the wait. The row may be appended all the same if it was under way.</param>
    /// <exception cref="ArgumentNullException"><paramref name="row"/> is null.</exception>
    /// <exception cref="ArgumentException">The row is larger than <see cref="WriteBufferOptions{T}.MaximumRowBytes"/>.</exception>
    /// <exception cref="Exception">What <see cref="WriteBufferOptions{T}.Serializer"/> throws goes to the caller; the row was not
    /// appended.</exception>
    /// <exception cref="BufferFullException">The buffer is full; the row was not appended.</exception>
    /// <exception cref="BufferUnavailableException">Redis is down; the row was not appended.</exception>
    /// <exception cref="BufferAppendUnknownException">It is not known whether the row was appended, or written through.</exception>
    /// <exception cref="NpgsqlException">The row was to be written through, and PostgreSQL is away or does not take any rows.</exception>
    ValueTask AppendAsync(T row, CancellationToken cancellationToken = default);

    /// <summary>Appends rows, in calls of up to 256 rows or 64 KiB at a time, and never more than a partition may hold. Of each such
    /// call all rows are taken or none.</summary>
    /// <param name="rows">The rows, which are not changed meanwhile.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="ArgumentNullException"><paramref name="rows"/>, or one of them, is null; none was appended.</exception>
    /// <exception cref="ArgumentException">A row is larger than <see cref="WriteBufferOptions{T}.MaximumRowBytes"/>; none was
    /// appended.</exception>
    /// <exception cref="Exception">What <see cref="WriteBufferOptions{T}.Serializer"/> throws goes to the caller; none was appended.</exception>
    /// <exception cref="WriteBufferException">As with <see cref="AppendAsync"/>; <see cref="WriteBufferException.RowsTaken"/> tells how many
    /// rows, from the first on, were taken before.</exception>
    /// <exception cref="NpgsqlException">Rows were to be written through, and PostgreSQL is away or does not take any rows.</exception>
    ValueTask AppendRangeAsync(IReadOnlyList<T> rows, CancellationToken cancellationToken = default);

    /// <summary>Waits until everything that this process has appended before has reached PostgreSQL: the table, or the dead letters. The workers
    /// of this process begin at once, those of others within <see cref="WriteBufferOptions{T}.FlushInterval"/>. While PostgreSQL or Redis is
    /// away it goes on waiting.</summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="BufferRowsLostException">Redis has lost rows that this process had appended, or may have, where later ones have arrived
    /// since. One call tells of a loss; the next waits for what was appended after it.</exception>
    Task FlushAsync(CancellationToken cancellationToken = default);

    /// <summary>Asks Redis and PostgreSQL what there is.</summary>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="BufferUnavailableException">Redis is down.</exception>
    /// <exception cref="NpgsqlException">PostgreSQL is away.</exception>
    Task<WriteBufferStatus> GetStatusAsync(CancellationToken cancellationToken = default);

    /// <summary>Rows that were refused, the oldest first.</summary>
    /// <param name="limit">How many at most: 1 to 10,000.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="limit"/> is not from 1 to 10,000.</exception>
    /// <exception cref="NpgsqlException">PostgreSQL is away.</exception>
    Task<IReadOnlyList<BufferDeadLetter>> GetDeadLettersAsync(int limit = 100, CancellationToken cancellationToken = default);

    /// <summary>Writes rows that were refused once more, with the hooks and columns of now, in one transaction: for when the cause is gone.
    /// Those that are refused again stay, with the new reason.</summary>
    /// <param name="limit">How many at most, the oldest first: 1 to 10,000.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>How many are no dead letters any more.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="limit"/> is not from 1 to 10,000.</exception>
    /// <exception cref="NpgsqlException">PostgreSQL is away, or does not take any rows.</exception>
    Task<int> RetryDeadLettersAsync(int limit = 1000, CancellationToken cancellationToken = default);
}
