using System.Diagnostics;
using System.Globalization;

namespace HybridStore.Benchmarks.Figures.Stampedes;

/// <summary>A crowd in its process, as the figures see it.</summary>
internal sealed class CrowdProcess : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private readonly Process _process;
    private readonly Task<string> _errors;

    private CrowdProcess(Process process)
    {
        _process = process;
        _errors = process.StandardError.ReadToEndAsync();
    }

    public static CrowdProcess Start(string reader, string postgres, string redis, int callers)
    {
        var program = Environment.ProcessPath!;
        var start = new ProcessStartInfo(program)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };

        // Started as "dotnet program.dll" the process is that of dotnet.
        if (Path.GetFileNameWithoutExtension(program) == "dotnet")
        {
            start.ArgumentList.Add(typeof(CrowdProcess).Assembly.Location);
        }

        foreach (var argument in (string[])
            ["figures", "stampede", Crowd.Verb, reader, postgres, redis, callers.ToString(CultureInfo.InvariantCulture)])
        {
            start.ArgumentList.Add(argument);
        }

        return new CrowdProcess(
            Process.Start(start) ?? throw new InvalidOperationException("A process of callers could not be started."));
    }

    /// <summary>Its callers stand ready to read an item.</summary>
    public async Task PrepareAsync(int id)
    {
        await SayAsync(id.ToString(CultureInfo.InvariantCulture));
        var answer = await HearAsync();
        if (answer != Crowd.Ready)
        {
            throw new InvalidOperationException($"Callers that were to be ready say: {answer}");
        }
    }

    /// <summary>Lets them read.</summary>
    public Task SignalAsync() => SayAsync(Crowd.Go);

    /// <summary>How many milliseconds each of them has waited.</summary>
    public async Task<double[]> WaitsAsync() =>
        [.. (await HearAsync()).Split(' ').Select(wait => double.Parse(wait, CultureInfo.InvariantCulture))];

    public async ValueTask DisposeAsync()
    {
        _process.StandardInput.Close();
        using var limit = new CancellationTokenSource(Patience);
        try
        {
            await _process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            _process.Kill();
            await _process.WaitForExitAsync(CancellationToken.None);
        }

        _process.Dispose();
    }

    private async Task SayAsync(string line)
    {
        await _process.StandardInput.WriteLineAsync(line);
        await _process.StandardInput.FlushAsync();
    }

    private async Task<string> HearAsync()
    {
        using var limit = new CancellationTokenSource(Patience);
        return await _process.StandardOutput.ReadLineAsync(limit.Token)
            ?? throw new InvalidOperationException($"A process of callers has ended: {await _errors}");
    }
}
