using Microsoft.Extensions.Logging;

namespace HybridStore.Realtime.Buffering;

/// <summary>The workers of one buffer in this process, from the start of the host to its end.</summary>
internal sealed class BufferWorkers<T>(
    PartitionClaims claims, BufferPurge purge, IReadOnlyList<PartitionWorker<T>> workers, BufferSignals signals, string buffer, ILogger logger)
    : IDisposable
    where T : notnull
{
    private readonly CancellationTokenSource _stopping = new();
    private readonly CancellationTokenSource _patience = new();
    private readonly CancellationTokenSource _claiming = new();
    private Task _claims = Task.CompletedTask;
    private Task _purge = Task.CompletedTask;
    private Task _work = Task.CompletedTask;
    private bool _isDisposed;

    public void Start()
    {
        _claims = Task.Run(() => claims.RunAsync(_claiming.Token), CancellationToken.None);
        _purge = Task.Run(() => purge.RunAsync(_stopping.Token), CancellationToken.None);
        _work = Task.WhenAll(workers.Select(worker => Task.Run(() => worker.RunAsync(_stopping.Token, _patience.Token), CancellationToken.None)));
    }

    /// <summary>Empties the partitions that this process owns, as long as the host waits, and lets go of them.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (Volatile.Read(ref _isDisposed))
        {
            return;
        }

        await _stopping.CancelAsync().ConfigureAwait(false);
        signals.WakeAll();
        var impatient = cancellationToken.UnsafeRegister(static source => ((CancellationTokenSource)source!).Cancel(), _patience);
        await using (impatient.ConfigureAwait(false))
        {
            try
            {
                await _work.ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                BufferLog.NotEmptied(logger, buffer);
            }
            finally
            {
                await _claiming.CancelAsync().ConfigureAwait(false);
                await _claims.ConfigureAwait(false);
                await _purge.ConfigureAwait(false);
            }
        }
    }

    /// <summary>Ends them where the host has not: a container can be disposed without having been stopped.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isDisposed, true))
        {
            return;
        }

        _stopping.Cancel();
        _patience.Cancel();
        _claiming.Cancel();
        _stopping.Dispose();
        _patience.Dispose();
        _claiming.Dispose();
    }
}
