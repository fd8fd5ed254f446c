using HybridStore.Diagnostics;
using HybridStore.Keys;
using HybridStore.Resilience;
using Microsoft.Extensions.Logging;
using Polly.CircuitBreaker;

namespace HybridStore.Recovering;

/// <summary>
/// Hears when Redis is back, and keeps its partitions from being read until there is proof that they hold nothing that was outdated
/// meanwhile. This process's own invalidations that Redis has not taken are no matter of it: what they name is not read before they are
/// applied; they are only told to try at once.
/// </summary>
/// <param name="gate">What readers look at.</param>
/// <param name="metrics">Counts.</param>
/// <param name="timeProvider">Measures.</param>
/// <param name="logger">Logs.</param>
internal sealed class RedisRecovery(RecoveryGate gate, RecoveryMetrics metrics, TimeProvider timeProvider, ILogger logger) : IAsyncDisposable
{
    private static readonly TimeSpan PauseAfterFailure = TimeSpan.FromMilliseconds(250);

    private readonly Lock _lock = new();

    // Which one opens a partition.
    private readonly Episode?[] _episodes = new Episode?[PartitionMap.MaximumCount];
    private bool _disposed;

    /// <summary>Raised when a circuit closes. Handlers must be quick and must not throw.</summary>
    public event Action? ServesAgain;

    /// <summary>Where to get proof. Null without a journal: what other processes have not got rid of is then known to nobody.</summary>
    public MarkProof? Proof { get; set; }

    /// <summary>To be called by the breaker of these partitions, before it lets anybody through.</summary>
    public void Hear(IReadOnlyList<int> partitions, CircuitTransition transition)
    {
        switch (transition.To)
        {
            case CircuitState.Closed:
                IsBack(partitions);
                ServesAgain?.Invoke();
                break;
            case CircuitState.Open:
                Interrupt(partitions);
                break;
        }
    }

    /// <summary>To be called before anybody reads partitions that this process has not reached for a while.</summary>
    public void IsBack(IReadOnlyList<int> partitions)
    {
        lock (_lock)
        {
            if (_disposed || Proof is not { } proof)
            {
                return;
            }

            var episode = new Episode();
            foreach (var partition in partitions)
            {
                Leave(partition);
                _episodes[partition] = episode;
                episode.Partitions.Add(partition);
                gate.Shut(partition);
            }

            // Nothing of whoever found Redis back goes along, least of all an ambient transaction: it would show a snapshot of its own.
            using (ExecutionContext.SuppressFlow())
            {
                episode.Task = Task.Run(() => RecoverAsync(proof, episode), CancellationToken.None);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        Episode[] running;
        lock (_lock)
        {
            _disposed = true;
            running = [.. _episodes.OfType<Episode>().Distinct()];
        }

        foreach (var episode in running)
        {
            await episode.Ending.CancelAsync().ConfigureAwait(false);
            await episode.Task.ConfigureAwait(false);
        }
    }

    /// <summary>Redis is away again. From here on the breaker keeps readers out, all but the probe: a gate that is shut would keep that one
    /// out too, and nobody would find Redis back.</summary>
    private void Interrupt(IReadOnlyList<int> partitions)
    {
        lock (_lock)
        {
            foreach (var partition in partitions)
            {
                Leave(partition);
                gate.Open(partition);
            }
        }
    }

    private void Leave(int partition)
    {
        if (_episodes[partition] is { } episode)
        {
            _episodes[partition] = null;
            episode.Partitions.Remove(partition);
            if (episode.Partitions.Count == 0)
            {
                // Not waited for: it takes what it takes to cancel a statement.
                _ = episode.Ending.CancelAsync();
            }
        }
    }

    private async Task RecoverAsync(MarkProof proof, Episode episode)
    {
        var startedAt = timeProvider.GetTimestamp();
        var ending = episode.Ending.Token;
        while (!ending.IsCancellationRequested)
        {
            int[] partitions;
            lock (_lock)
            {
                partitions = [.. episode.Partitions];
            }

            RecoveryLog.Waits(logger, partitions.Length);
            try
            {
                await proof.WaitAsync(
                    partitions,
                    partition => Volatile.Read(ref _episodes[partition]) == episode,
                    (partition, found) => End(partition, found, episode, startedAt),
                    ending).ConfigureAwait(false);
                return;
            }
            catch (OperationCanceledException) when (ending.IsCancellationRequested)
            {
                return;
            }
            catch (Exception error)
            {
                RecoveryLog.Failed(logger, FailureLog.KindOf(error));
                FailureLog.InFull(logger, error);
            }

            await Task.Delay(PauseAfterFailure, timeProvider, ending).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private void End(int partition, RecoveryProof found, Episode episode, long startedAt)
    {
        lock (_lock)
        {
            if (_episodes[partition] != episode)
            {
                // It went away again, or is another one's matter by now.
                return;
            }

            Leave(partition);
            gate.Open(partition);
        }

        metrics.Recovered(found, timeProvider.GetElapsedTime(startedAt));
        RecoveryLog.Reads(logger, partition, found);
    }

    /// <summary>Partitions that came back together. Guarded by the lock. Its token source has neither timer nor wait handle, so that there is
    /// nothing to dispose.</summary>
    private sealed class Episode
    {
        public CancellationTokenSource Ending { get; } = new();

        public HashSet<int> Partitions { get; } = [];

        public Task Task { get; set; } = Task.CompletedTask;
    }
}
