using HybridStore.Consistency.Checking;
using HybridStore.Consistency.Faults;
using HybridStore.Consistency.History;
using HybridStore.Consistency.Keys;
using HybridStore.Consistency.Workers;
using HybridStore.Servers;
using Npgsql;

namespace HybridStore.Consistency.Running;

/// <summary>One soak: servers, workers, faults, and the check of what came of it.</summary>
internal sealed class SoakRun(SoakOptions options, TextWriter output)
{
    private const int Violated = 1;
    private const int Failed = 3;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly KeyLayout _layout = new(options.Keys);

    public static async Task<int> RunAsync(SoakOptions options, TextWriter output, TextWriter errors)
    {
        try
        {
            var result = await new SoakRun(options, output).RunAsync();
            await output.WriteLineAsync(ResultText.Of(options, result));
            return result.Verdict.Total == 0 ? 0 : Violated;
        }
        catch (Exception error) when (error is SoakFailedException or ServersUnavailableException or InvalidDataException or TimeoutException)
        {
            await errors.WriteLineAsync($"The soak has failed: {error.Message}");
            return Failed;
        }
    }

    private async Task<RunResult> RunAsync()
    {
        var length = TimeSpan.FromSeconds(options.Seconds);
        var plan = options.Faults ? FaultSchedule.Of(options.Seed, length, options.Processes, HasJournal) : FaultSchedule.None;
        var folder = Directory.CreateTempSubdirectory("hybridstore-soak-").FullName;
        try
        {
            await using var servers = await SoakServers.StartAsync(_layout, options.Processes, HasJournal, CancellationToken.None);
            using var workers = new WorkerPool(options, servers, folder);
            var faults = new FaultRunner(servers, plan.Faults, options.Seed);
            var killer = new Killer(servers, workers, plan.Kills);
            var watch = new CommitWatch(servers);
            await workers.StartAsync();
            await output.WriteLineAsync(
                $"{options.Protocol}: {options.Processes} workers with {options.Sessions} sessions each, {options.Seconds} s, seed {options.Seed}, "
                + $"{plan.Faults.Count} faults and {plan.Kills.Count} kills planned");

            var startedAt = Clock.Now;
            await DisturbAsync(length, startedAt, workers, faults, killer, watch);
            await workers.StopAsync();

            var history = new SoakHistory();
            history.Disturbances.AddRange([.. faults.Done, .. killer.Done]);
            foreach (var (write, seen) in watch.SeenAt)
            {
                history.SeenAt[write] = seen;
            }

            await servers.UntilQuietAsync(CancellationToken.None).WaitAsync(Patience);
            await AddCommittedAsync(history, servers);
            if (HasJournal)
            {
                await workers.FinishAsync();
            }

            foreach (var worker in workers.All.Where(worker => File.Exists(worker.Plan.HistoryFile)))
            {
                HistoryReader.AddFile(history, worker.Plan.HistoryFile, worker.Plan.Process);
            }

            ThrowIfNothingHappened(history);
            return new RunResult(history, Checker.Check(history, _layout, Promises()), workers.Kills, faults.Done.Count, startedAt);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private bool HasJournal => options.Protocol == Protocol.HybridStore;

    private static async Task DisturbAsync(
        TimeSpan length, long startedAt, WorkerPool workers, FaultRunner faults, Killer killer, CommitWatch watch)
    {
        using var stopping = new CancellationTokenSource();
        Task[] running =
        [
            faults.RunAsync(startedAt, stopping.Token),
            killer.RunAsync(startedAt, stopping.Token),
            watch.RunAsync(stopping.Token),
            workers.WatchAsync(stopping.Token),
        ];
        try
        {
            // Ends early where one of them fails.
            var over = Task.Delay(length - Clock.Time(Clock.Now - startedAt), stopping.Token);
            while (!over.IsCompleted)
            {
                var ended = await Task.WhenAny([over, .. running.Where(task => !task.IsCompletedSuccessfully)]);
                await ended;
            }
        }
        finally
        {
            await stopping.CancelAsync();
        }

        await Task.WhenAll(running);
    }

    private static async Task AddCommittedAsync(SoakHistory history, SoakServers servers)
    {
        await using var connection = await servers.OpenAsync(CancellationToken.None);
        await using var command = new NpgsqlCommand(RowStatements.Committed, connection);
        await using var reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync())
        {
            history.Committed.Add(new RowVersion(reader.GetInt32(0), reader.GetInt64(1), reader.GetInt64(2)));
        }

        var now = Clock.Now;
        foreach (var value in history.Committed)
        {
            history.SeenAt.TryAdd(value.Writer, now);
        }
    }

    private Promises Promises() => options.Protocol != Protocol.HybridStore ? Checking.Promises.OfAnyCache
        : options.Faults ? Checking.Promises.OfHybridStore
        : Checking.Promises.OfHybridStoreUndisturbed;

    /// <summary>A cache that takes no part is never stale.</summary>
    private static void ThrowIfNothingHappened(SoakHistory history)
    {
        if (history.Committed.Count == 0)
        {
            throw new SoakFailedException("Nothing was written, so that nothing is proven.");
        }

        if (history.Reads.Count(read => !read.Loaded) < history.Reads.Count / 10)
        {
            throw new SoakFailedException("Nine of ten reads were loads, so that nothing is proven: the cache took hardly any part.");
        }
    }
}
