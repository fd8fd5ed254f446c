using System.Text.Json;
using BenchmarkDotNet.Attributes;
using HybridStore.Benchmarks.Workload;
using HybridStore.Fencing;
using HybridStore.Serialization;

namespace HybridStore.Benchmarks.Suites;

/// <summary>An entry of about 500 bytes, to bytes and back, beside System.Text.Json alone.</summary>
[MemoryDiagnoser]
public class CodecSuite
{
    private const int MaximumPayloadBytes = 1024 * 1024;

    private static readonly Product Value = new(
        42,
        "SKU-00000042",
        "Electric kettle 42",
        "Kettle Works 42",
        "Boils 1 cups in two minutes and keeps them hot for an hour. " + new string('x', 192),
        "kitchen/kettles",
        61.90m,
        "EUR",
        42,
        842,
        true,
        new DateTime(2026, 1, 31, 12, 0, 0, DateTimeKind.Utc));

    private static readonly EntryHeaderFields Fields = new(
        1_800_000_000_000, 1_799_999_400_000, TimeSpan.FromMilliseconds(2), SchemaVersion: 0, new SnapshotStamp(1000, 1003, 1001));

    private readonly EntryCodec _codec = new(new SerializerRegistry(new JsonHybridStoreSerializer()));
    private byte[] _entry = [];
    private byte[] _json = [];

    [GlobalSetup]
    public void Prepare()
    {
        using var encoded = _codec.Encode(Value, Fields, MaximumPayloadBytes);
        _entry = encoded.Entry.ToArray();
        _json = JsonSerializer.SerializeToUtf8Bytes(Value);
    }

    [Benchmark]
    public int Encode()
    {
        using var encoded = _codec.Encode(Value, Fields, MaximumPayloadBytes);
        return encoded.Entry.Length;
    }

    [Benchmark]
    public byte[] EncodeJsonAlone() => JsonSerializer.SerializeToUtf8Bytes(Value);

    [Benchmark]
    public Product Decode() => _codec.TryDecode<Product>(
        _entry, schemaVersion: 0, MaximumPayloadBytes, out _, out var value, out _) == DecodeOutcome.Ok
            ? value!
            : throw new InvalidOperationException("The entry does not decode.");

    [Benchmark]
    public Product DecodeJsonAlone() => JsonSerializer.Deserialize<Product>(_json)!;

    [Benchmark]
    public bool ReadHeaderAlone() => EntryHeader.TryRead(_entry, out _);
}
