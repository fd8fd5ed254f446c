using System.Diagnostics;
using System.Globalization;
using Npgsql;

namespace HybridStore.Benchmarks.Figures.Stampedes;

/// <summary>The callers of one process, which the figures start. It reads the id of an item from its input, answers that its callers stand
/// ready, waits for the signal, lets them all read at once and answers how long each has waited; and so on until its input ends.</summary>
internal static class Crowd
{
    public const string Verb = "--crowd";
    public const string Ready = "ready";
    public const string Go = "go";

    /// <summary>So many connections that four processes leave some to others.</summary>
    private const int PoolSize = 20;

    // Without protection each caller waits for a connection until those before him have had it.
    private const int PoolTimeoutSeconds = 120;

    public static async Task RunAsync(string reader, string postgres, string redis, int callers, TextReader input, TextWriter output)
    {
        await using var dataSource = NpgsqlDataSource.Create(
            new NpgsqlConnectionStringBuilder(postgres) { MaxPoolSize = PoolSize, Timeout = PoolTimeoutSeconds });
        await using var cold = await ColdReader.StartAsync(reader, dataSource, redis);
        while (await input.ReadLineAsync() is { } line)
        {
            var id = int.Parse(line, CultureInfo.InvariantCulture);
            var signal = new TaskCompletionSource<long>(TaskCreationOptions.RunContinuationsAsynchronously);
            var waits = Enumerable.Range(0, callers).Select(_ => ReadAsync(cold, id, signal.Task)).ToArray();
            await WriteAsync(output, Ready);
            if (await input.ReadLineAsync() != Go)
            {
                return;
            }

            signal.SetResult(Stopwatch.GetTimestamp());
            await WriteAsync(output, string.Join(
                ' ',
                (await Task.WhenAll(waits)).Select(wait => wait.TotalMilliseconds.ToString("0.000", CultureInfo.InvariantCulture))));
        }
    }

    private static async Task<TimeSpan> ReadAsync(ColdReader cold, int id, Task<long> signal)
    {
        var startedAt = await signal;
        var item = await cold.ReadAsync(id);
        var wait = Stopwatch.GetElapsedTime(startedAt);
        return item.Id == id ? wait : throw new InvalidOperationException($"Item {item.Id} was read for {id}.");
    }

    private static async Task WriteAsync(TextWriter output, string line)
    {
        await output.WriteLineAsync(line);
        await output.FlushAsync();
    }
}
