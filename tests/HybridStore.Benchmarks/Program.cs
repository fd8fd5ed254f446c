using BenchmarkDotNet.Running;
using HybridStore.Benchmarks.Figures;

// figures MODE [options]   a quick comparison that prints lines "figure NAME VALUE UNIT"
// anything else            BenchmarkDotNet's own arguments, such as --filter *
if (args is ["figures", .. var rest])
{
    return await FigureModes.RunAsync(rest, Console.Out, Console.Error);
}

BenchmarkSwitcher.FromAssembly(typeof(FigureModes).Assembly).Run(args);
return 0;
