namespace HybridStore.Benchmarks.Figures;

/// <summary>The quick comparisons, by name.</summary>
internal static class FigureModes
{
    private static readonly Dictionary<string, Func<string[], TextWriter, Task>> Modes = new(StringComparer.Ordinal)
    {
        ["batch"] = BatchFigures.RunAsync,
        ["ephemeral"] = EphemeralFigures.RunAsync,
        ["hit"] = HitFigures.RunAsync,
        ["miss"] = MissFigures.RunAsync,
        ["outage"] = OutageFigures.RunAsync,
        ["races"] = RaceFigures.RunAsync,
        ["stampede"] = StampedeFigures.RunAsync,
        ["tag"] = TagFigures.RunAsync,
        ["telemetry"] = TelemetryFigures.RunAsync,
        ["warm"] = WarmFigures.RunAsync,
        ["watch"] = WatchFigures.RunAsync,
        ["xfetch"] = ExpirationFigures.RunAsync,
        ["write"] = WriteFigures.RunAsync,
    };

    public static async Task<int> RunAsync(string[] arguments, TextWriter output, TextWriter errors)
    {
        if (arguments is [var mode, .. var options] && Modes.TryGetValue(mode, out var run))
        {
            try
            {
                await run(options, output);
                return 0;
            }
            catch (ArgumentException misuse)
            {
                await errors.WriteLineAsync(misuse.Message);
                return 2;
            }
        }

        await errors.WriteLineAsync($"Usage: figures {string.Join('|', Modes.Keys)} [options]");
        return 2;
    }
}
