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

    private readonly ReadLoop _loop = ReadLoop.AtRandom();
    private Contest? _contest;
    private Contender? _contender;

    [Params(1, 64, 256)]
    public int Callers { get; set; }

    [GlobalSetup(Target = nameof(Raw))]
    public void StartRaw() => Start("raw");

    [GlobalSetup(Target = nameof(Store))]
    public void StartStore() => Start("store");

    [GlobalSetup(Target = nameof(FusionCache))]
    public void StartFusionCache() => Start("fusion");

    [GlobalSetup(Target = nameof(HybridCache))]
    public void StartHybridCache() => Start("hybridcache");

    [GlobalSetup(Target = nameof(Postgres))]
    public void StartPostgres() => Start("postgres");

    [GlobalCleanup]
    public void Stop() => _contest!.DisposeAsync().AsTask().GetAwaiter().GetResult();

    [Benchmark(Baseline = true, OperationsPerInvoke = Reads)]
    public Task Raw() => RunAsync();

    [Benchmark(OperationsPerInvoke = Reads)]
    public Task Store() => RunAsync();

    [Benchmark(OperationsPerInvoke = Reads)]
    public Task FusionCache() => RunAsync();

    [Benchmark(OperationsPerInvoke = Reads)]
    public Task HybridCache() => RunAsync();

    [Benchmark(OperationsPerInvoke = Reads)]
    public Task Postgres() => RunAsync();

    private void Start(string contender)
    {
        _contest = Contest.StartAsync(contender).GetAwaiter().GetResult();
        _contender = _contest.Contenders.Single();
    }

    private Task RunAsync() => _loop.RunAsync(_contender!, Callers, Reads);
}
