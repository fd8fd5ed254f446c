using HybridStore.Diagnostics;
using HybridStore.Keys;
using HybridStore.Resilience;
using Microsoft.Extensions.Logging;
using Polly.CircuitBreaker;

namespace HybridStore.Recovering;

/// <summary>
/// Hears when a circuit breaker closes, and keeps its partitions from being read until there is proof that they hold nothing that was
/// outdated meanwhile. This process's own invalidations that Redis has not taken are no matter of it: what they name is not read before
/// they are applied; they are only told to try at once.
/// </summary>
/// <param name="gate">What readers look at.</param>
/// <param name="metrics">Counts.</param>
/// <param name="timeProvider">Measures.</param>
/// <param name="logger">Logs.</param>
internal sealed class RedisRecovery(RecoveryGate gate, RecoveryMetrics metrics, TimeProvider timeProvider, ILogger logger) : IAsyncDisposable
{
    private static readonly TimeSpan PauseAfterFailure = TimeSpan.FromMilliseconds(250);

    private readonly Lock _lock = new();
    private readonly Episode?[] _episodes = new Episode?[PartitionMap.MaximumCount];
    private bool _disposed;

    /// <summary>Raised when a circuit closes. Handlers must be quick and must not throw.</summary>
    public event Action? ServesAgain;

    /// <summary>Where to get proof. Null without a journal: what other processes have not got rid of is then known to nobody.</summary>
    public MarkProof? Proof { get; set; }

    /// <summary>To be called by the breaker, before it lets anybody through.</summary>
    public void Hear(IReadOnlyList<int> partitions, CircuitTransition transition)
    {
        switch (transition.To)
        {
            case CircuitState.Closed:
                foreach (var partition in Proof is null ? [] : partitions)
                {
                    Begin(partition, Proof!);
                }

                ServesAgain?.Invoke();
                break;
            case CircuitState.Open:
                foreach (var partition in partitions)
                {
                    Interrupt(partition);
                }

                break;
        }
    }

    public async ValueTask DisposeAsync()
    {
        Episode[] running;
        lock (_lock)
        {
            _disposed = true;
            running = [.. _episodes.OfType<Episode>()];
        }

        foreach (var episode in running)
        {
            await episode.Ending.CancelAsync().ConfigureAwait(false);
            await episode.Task.ConfigureAwait(false);
            episode.Ending.Dispose();
        }
    }

    private void Begin(int partition, MarkProof proof)
    {
        lock (_lock)
        {
            if (_disposed)
            {
                return;
            }

            _episodes[partition]?.Ending.Cancel();
            gate.Shut(partition);
            var episode = new Episode();
            _episodes[partition] = episode;
            episode.Task = Task.Run(() => RecoverAsync(partition, proof, episode), CancellationToken.None);
        }
    }

    /// <summary>Redis is away again. From here on the breaker keeps readers out, all but the probe: a gate that is shut would keep that one
    /// out too, and nobody would find Redis back.</summary>
    private void Interrupt(int partition)
    {
        lock (_lock)
        {
            _episodes[partition]?.Ending.Cancel();
            gate.Open(partition);
        }
    }

    private async Task RecoverAsync(int partition, MarkProof proof, Episode episode)
    {
        RecoveryLog.Waits(logger, partition);
        var startedAt = timeProvider.GetTimestamp();
        var ending = episode.Ending.Token;
        while (!ending.IsCancellationRequested)
        {
            try
            {
                var found = await proof.WaitAsync(partition, ending).ConfigureAwait(false);
                if (TryEnd(partition, episode))
                {
                    metrics.Recovered(found, timeProvider.GetElapsedTime(startedAt));
                    RecoveryLog.Reads(logger, partition, found);
                }

                return;
            }
            catch (OperationCanceledException) when (ending.IsCancellationRequested)
            {
                return;
            }
            catch (Exception error)
            {
                RecoveryLog.Failed(logger, partition, FailureLog.KindOf(error));
                FailureLog.InFull(logger, error);
            }

            await Task.Delay(PauseAfterFailure, timeProvider, ending).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private bool TryEnd(int partition, Episode episode)
    {
        lock (_lock)
        {
            if (episode.Ending.IsCancellationRequested)
            {
                return false;
            }

            gate.Open(partition);
            return true;
        }
    }

    private sealed class Episode
    {
        public CancellationTokenSource Ending { get; } = new();

        public Task Task { get; set; } = Task.CompletedTask;
    }
}
