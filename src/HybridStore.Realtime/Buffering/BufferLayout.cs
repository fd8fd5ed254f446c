using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using HybridStore.Realtime.Redis;
using StackExchange.Redis;

namespace HybridStore.Realtime.Buffering;

/// <summary>What a buffer is called in Redis and in PostgreSQL, and what each of its partitions may hold. Immutable.</summary>
internal sealed class BufferLayout
{
    private readonly RedisKey[] _streams;
    private readonly RedisKey[] _states;
    private readonly string[] _producers;

    public BufferLayout(string prefix, string name, int partitions, long maximumRows, long maximumBytes)
    {
        Name = name;
        Identity = $"{prefix}:{name}";
        LockSpace = BinaryPrimitives.ReadInt32BigEndian(SHA256.HashData(Encoding.UTF8.GetBytes($"HybridStore buffer {Identity}")));
        var streams = Enumerable.Range(0, partitions)
            .Select(partition => $"{prefix}:buffer:{RealtimeKeys.Tag(string.Create(CultureInfo.InvariantCulture, $"{name}:p{partition}"))}")
            .ToArray();
        _streams = Array.ConvertAll(streams, stream => (RedisKey)stream);
        _states = Array.ConvertAll(streams, stream => (RedisKey)$"{stream}:state");
        _producers = Array.ConvertAll(streams, stream => $"{stream}:producer:");
        MaximumRows = maximumRows / partitions;
        MaximumBytes = maximumBytes / partitions;
    }

    public string Name { get; }

    /// <summary>What tells it from buffers of the same name in other applications: its name in the tables.</summary>
    public string Identity { get; }

    /// <summary>The first half of its advisory locks; the other is a partition's number plus one.</summary>
    public int LockSpace { get; }

    public int Partitions => _streams.Length;

    /// <summary>How many rows one partition may hold.</summary>
    public long MaximumRows { get; }

    /// <summary>How many bytes of payload one partition may hold.</summary>
    public long MaximumBytes { get; }

    public RedisKey Stream(int partition) => _streams[partition];

    /// <summary>A hash: r = rows in the stream, b = bytes of payload in it.</summary>
    public RedisKey State(int partition) => _states[partition];

    /// <summary>The number of the last call of a process that the stream has taken.</summary>
    public RedisKey Producer(int partition, Guid producer) => $"{_producers[partition]}{producer:N}";
}
