using System.Globalization;
using HybridStore.Realtime.Redis;
using HybridStore.Redis;
using HybridStore.Resilience;
using StackExchange.Redis;

namespace HybridStore.Realtime.Buffering;

/// <summary>A partition in Redis, as its worker sees it. Safe to use from any thread.</summary>
internal sealed class PartitionStream(RedisLink link, BufferLayout layout, int partition, ReadPace pace)
{
    private static readonly RedisScript TrimScript = RealtimeScripts.Load("buffer-trim.lua");
    private static readonly RedisScript StatusScript = RealtimeScripts.Load("buffer-status.lua");
    private static readonly RealtimeOperation Reads = new("buffer", "read");
    private static readonly RealtimeOperation Looks = new("buffer", "look");
    private static readonly RealtimeOperation Trims = new("buffer", "trim");
    private static readonly RealtimeOperation Asks = new("buffer", "status");

    private readonly RedisKey _stream = layout.Stream(partition);
    private readonly RedisKey[] _keys = [layout.Stream(partition), layout.State(partition)];

    /// <summary>How many rows wait. It is a hint: a stream without a state has none, and is read all the same.</summary>
    public async Task<RedisCallResult<long>> LengthAsync(CancellationToken cancellationToken)
    {
        var result = await link.ExecuteAsync(
            Looks,
            _stream,
            static (session, state) => session.Database.HashGetAsync(state, "r", CommandFlags.DemandMaster),
            _keys[1],
            cancellationToken).ConfigureAwait(false);
        return result.TryGetValue(out var rows)
            ? RedisCallResult<long>.Ok(rows.TryParse(out long number) ? number : 0)
            : result.WithoutValue<long>();
    }

    /// <summary>Reads entries from the beginning until there are so many rows, or no more.</summary>
    public async Task<RedisCallResult<StreamReading>> ReadAsync(int rows, CancellationToken cancellationToken)
    {
        var reading = new StreamReading();
        var (from, entries) = ((RedisValue)"-", pace.First());
        while (true)
        {
            var result = await link.ExecuteAsync(
                Reads,
                _stream,
                static (session, call) => session.Database.StreamRangeAsync(
                    call._stream, call.from, "+", call.entries, Order.Ascending, CommandFlags.DemandMaster),
                (_stream, from, entries),
                cancellationToken).ConfigureAwait(false);
            if (!result.TryGetValue(out var found))
            {
                // What has come is written, so that it goes on even where only small pieces come.
                pace.Failed();
                reading.IsCutShort = reading.Count > 0;
                return reading.IsCutShort ? RedisCallResult<StreamReading>.Ok(reading) : result.WithoutValue<StreamReading>();
            }

            pace.Succeeded();
            foreach (var entry in found)
            {
                if (IsEnough(reading, rows))
                {
                    break;
                }

                reading.Add(entry.Id.ToString(), entry[BufferEntry.Field]);
            }

            reading.IsCutShort = IsEnough(reading, rows);
            if (found.Length < entries || reading.IsCutShort)
            {
                return RedisCallResult<StreamReading>.Ok(reading);
            }

            from = $"({reading.LastId}";
            entries = pace.Next(reading.Count, reading.Rows, reading.Bytes, rows);
        }
    }

    /// <summary>Removes what was read.</summary>
    /// <returns>How many rows are left.</returns>
    public async Task<RedisCallResult<long>> TrimAsync(StreamReading written, CancellationToken cancellationToken)
    {
        var result = await link.EvaluateAsync(
            Trims,
            TrimScript,
            _keys,
            [written.FirstId, After(written.LastId), written.Rows, written.Bytes],
            cancellationToken).ConfigureAwait(false);
        return result.TryGetValue(out var left) ? RedisCallResult<long>.Ok((long)left) : result.WithoutValue<long>();
    }

    /// <summary>Rows, bytes, and the age of the oldest.</summary>
    public async Task<RedisCallResult<(long Rows, long Bytes, TimeSpan Age)>> StatusAsync(CancellationToken cancellationToken)
    {
        var result = await link.EvaluateAsync(Asks, StatusScript, _keys, [], cancellationToken).ConfigureAwait(false);
        if (!result.TryGetValue(out var value))
        {
            return result.WithoutValue<(long, long, TimeSpan)>();
        }

        var parts = (long[])value!;
        return RedisCallResult<(long, long, TimeSpan)>.Ok((parts[0], parts[1], TimeSpan.FromMilliseconds(parts[2])));
    }

    /// <summary>The number of the last call of a process that Redis has taken; 0 if it knows of none.</summary>
    public async Task<RedisCallResult<long>> LastTakenAsync(Guid producer, CancellationToken cancellationToken)
    {
        var result = await link.ExecuteAsync(
            Looks,
            _stream,
            static (session, key) => session.Database.StringGetAsync(key, CommandFlags.DemandMaster),
            layout.Producer(partition, producer),
            cancellationToken).ConfigureAwait(false);
        return result.TryGetValue(out var call)
            ? RedisCallResult<long>.Ok(call.TryParse(out long number) ? number : 0)
            : result.WithoutValue<long>();
    }

    private static bool IsEnough(StreamReading reading, int rows) => reading.Rows >= rows || reading.Bytes >= ReadPace.LargestBatchBytes;

    /// <summary>The id that follows on an id.</summary>
    private static string After(string id)
    {
        var dash = id.IndexOf('-', StringComparison.Ordinal);
        var sequence = ulong.Parse(id.AsSpan(dash + 1), CultureInfo.InvariantCulture);
        return string.Create(CultureInfo.InvariantCulture, $"{id.AsSpan(0, dash)}-{sequence + 1}");
    }
}
