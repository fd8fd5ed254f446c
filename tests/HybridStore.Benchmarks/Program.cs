using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Running;
using HybridStore.Benchmarks.Figures;

// figures MODE [options]   a quick comparison that prints lines "figure NAME VALUE UNIT"
// anything else            BenchmarkDotNet's own arguments, such as --filter *
if (args is ["figures", .. var rest])
{
    return await FigureModes.RunAsync(rest, Console.Out, Console.Error);
}

// Each suite is built again by itself; on a small, busy machine that takes longer than the two minutes it is given.
BenchmarkSwitcher
    .FromAssembly(typeof(FigureModes).Assembly)
    .Run(args, ManualConfig.Create(DefaultConfig.Instance).WithBuildTimeout(TimeSpan.FromMinutes(15)));
return 0;
