using BenchmarkDotNet.Attributes;
using HybridStore.Benchmarks.Contenders;
using HybridStore.Benchmarks.Workload;

namespace HybridStore.Benchmarks.Suites;

/// <summary>
/// A hit, as in <c>figures hit</c>. Each contender runs on its own for a while here; on a machine that is busy with other things
/// the alternating rounds of <c>figures hit</c> compare more fairly.
/// </summary>
[MemoryDiagnoser]
public class HitSuite
{
    private const int Reads = 4096;

    private readonly ReadLoop _loop = new();
    private Contest? _contest;

    [Params(1, 64, 256)]
    public int Callers { get; set; }

    [GlobalSetup]
    public void Start() => _contest = Contest.StartAsync().GetAwaiter().GetResult();

    [GlobalCleanup]
    public void Stop() => _contest!.DisposeAsync().AsTask().GetAwaiter().GetResult();

    [Benchmark(Baseline = true, OperationsPerInvoke = Reads)]
    public Task Raw() => RunAsync("raw");

    [Benchmark(OperationsPerInvoke = Reads)]
    public Task Store() => RunAsync("store");

    [Benchmark(OperationsPerInvoke = Reads)]
    public Task FusionCache() => RunAsync("fusion");

    [Benchmark(OperationsPerInvoke = Reads)]
    public Task HybridCache() => RunAsync("hybridcache");

    [Benchmark(OperationsPerInvoke = Reads)]
    public Task Postgres() => RunAsync("postgres");

    private Task RunAsync(string contender) => _loop.RunAsync(_contest![contender], Callers, Reads);
}
