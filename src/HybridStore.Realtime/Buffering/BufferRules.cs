using HybridStore.Journaling.Watching;
using Npgsql;

namespace HybridStore.Realtime.Buffering;

/// <summary>What settings of a write buffer must keep to, each with its remedy.</summary>
internal static class BufferRules
{
    public const int LongestName = 64;

    private const int MostPartitions = 64;

    public static IEnumerable<string> OfName(string name)
    {
        if (!IsName(name))
        {
            yield return "The name of a buffer must have 1 to 64 characters and no control characters; for example \"clicks\".";
        }
    }

    public static bool IsName(string name) =>
        !string.IsNullOrWhiteSpace(name) && name.Length <= LongestName && !name.Any(c => char.IsControl(c) || char.IsSurrogate(c));

    public static bool IsTable(string? table)
    {
        try
        {
            return table is not null && TableName.Parse(table).ToString().Length > 0;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }

    public static IEnumerable<string> OfLimits<T>(WriteBufferOptions<T> options)
        where T : notnull
    {
        if (options.Partitions is < 1 or > MostPartitions)
        {
            yield return "Partitions must be from 1 to 64; the default is 4.";
        }

        if (options.MaximumBatchRows is < 1 or > 100_000)
        {
            yield return "MaximumBatchRows must be from 1 to 100,000; the default is 5,000.";
        }

        if (options.FlushInterval < TimeSpan.FromMilliseconds(50) || options.FlushInterval > TimeSpan.FromHours(1))
        {
            yield return "FlushInterval must be from 50 milliseconds to 1 hour; the default is 2 seconds.";
        }

        if (options.MaximumLength < Math.Max(1, options.Partitions) || options.MaximumLength > 1_000_000_000)
        {
            yield return "MaximumLength must be from the number of partitions to 1,000,000,000 rows; the default is 1,000,000.";
        }

        if (options.MaximumRowBytes is < 64 or > 16 << 20)
        {
            yield return "MaximumRowBytes must be from 64 to 16,777,216; the default is 262,144.";
        }
        else if (options.MaximumBytes < Math.Max(1, options.Partitions) * LargestRow(options) || options.MaximumBytes > 1L << 40)
        {
            yield return "MaximumBytes must be at least Partitions times (MaximumRowBytes + 4), so that any row fits into an empty "
                + "partition, and at most 1 TiB: raise it, or lower one of those.";
        }

        if (options.BlockTimeout < TimeSpan.FromMilliseconds(10) || options.BlockTimeout > TimeSpan.FromMinutes(10))
        {
            yield return "BlockTimeout must be from 10 milliseconds to 10 minutes; the default is 10 seconds.";
        }

        if (!Enum.IsDefined(options.WhenFull) || !Enum.IsDefined(options.WhenRedisIsDown))
        {
            yield return "WhenFull and WhenRedisIsDown must be Block, Reject or WriteThrough.";
        }

        if (options.Serializer is null)
        {
            yield return "Serializer must be set; the default is a JsonHybridStoreSerializer.";
        }

        if (options.WorkerConnectionString is { } worker && !IsConnectionString(worker))
        {
            yield return "WorkerConnectionString must be a connection string of Npgsql; leave it unset for the store's connection.";
        }
    }

    private static long LargestRow<T>(WriteBufferOptions<T> options)
        where T : notnull => BufferEntry.RowHeaderLength + options.MaximumRowBytes;

    // What is wrong with it is not told: it may hold a password.
    private static bool IsConnectionString(string connectionString)
    {
        try
        {
            return new NpgsqlConnectionStringBuilder(connectionString).Count > 0;
        }
        catch (Exception error) when (error is ArgumentException or FormatException or OverflowException or InvalidCastException)
        {
            return false;
        }
    }
}
