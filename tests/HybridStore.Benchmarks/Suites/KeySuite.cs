using BenchmarkDotNet.Attributes;
using HybridStore.Keys;

namespace HybridStore.Benchmarks.Suites;

/// <summary>What every call does with its key: check it, or make it from a template.</summary>
[MemoryDiagnoser]
public class KeySuite
{
    private static readonly KeyTemplate<int> OneNumber = new("product:{id}");
    private static readonly KeyTemplate<int, string> NumberAndText = new("org:{org}:user:{name}");
    private static readonly Guid Organisation = new("6f1c1f52-6f0e-4a55-9b6e-0d1c5a3c8f10");
    private static readonly KeyTemplate<Guid, int> IdentifierAndNumber = new("org:{org}:product:{id}");

    [Params("product:42", "org:6f1c1f52-6f0e-4a55-9b6e-0d1c5a3c8f10:product:42", "stadt:köln")]
    public string Key { get; set; } = string.Empty;

    [Benchmark]
    public bool Check() => KeyRules.IsValid(Key);

    [Benchmark]
    public string RenderNumber() => OneNumber.For(42);

    [Benchmark]
    public string RenderNumberAndText() => NumberAndText.For(7, "o'hara:50%");

    [Benchmark]
    public string RenderIdentifierAndNumber() => IdentifierAndNumber.For(Organisation, 42);

    [Benchmark(Baseline = true)]
    public string Interpolate() => string.Create(null, $"org:{Organisation}:product:{42}");
}
