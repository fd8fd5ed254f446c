using Microsoft.Extensions.Logging;

namespace HybridStore.Realtime.Buffering;

/// <summary>Writes one partition while this process owns it: when enough rows wait, or have waited long enough, or somebody asks.</summary>
internal sealed class PartitionWorker<T>(
    int partition,
    PartitionStream stream,
    BatchWriter<T> writer,
    PartitionClaims claims,
    BufferSignals signals,
    WriteBufferOptions<T> options,
    ILogger logger,
    TimeProvider timeProvider)
    where T : notnull
{
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);
    private const int AttemptsAtEnd = 3;

    private readonly string _buffer = options.Name;
    private bool _isInTrouble;

    private enum Outcome
    {
        /// <summary>All that was there is written.</summary>
        Emptied,

        /// <summary>A batch was written, and there is more.</summary>
        More,

        /// <summary>A server is away, or refuses.</summary>
        Failed,
    }

    /// <summary>Works until it is to stop, and then until the partition is empty, a server is away, or patience is at an end. Throws nothing
    /// else than that it was cancelled.</summary>
    /// <param name="stopping">It is to come to its end.</param>
    /// <param name="patience">It is to end at once.</param>
    public async Task RunAsync(CancellationToken stopping, CancellationToken patience)
    {
        var pause = FirstPause;
        while (!stopping.IsCancellationRequested)
        {
            if (!claims.Owns(partition))
            {
                await signals.Of(partition).WaitAsync(LookInterval, timeProvider, stopping).ConfigureAwait(false);
                continue;
            }

            switch (await TryWriteAsync(patience).ConfigureAwait(false))
            {
                case Outcome.Failed:
                    await signals.Of(partition).WaitAsync(pause, timeProvider, stopping).ConfigureAwait(false);
                    pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
                    break;
                case Outcome.Emptied:
                    pause = FirstPause;
                    await WaitAsync(stopping).ConfigureAwait(false);
                    break;
                default:
                    pause = FirstPause;
                    break;
            }
        }

        await EmptyAsync(patience).ConfigureAwait(false);
    }

    private async Task EmptyAsync(CancellationToken patience)
    {
        for (var failures = 0; claims.Owns(partition);)
        {
            switch (await TryWriteAsync(patience).ConfigureAwait(false))
            {
                case Outcome.Emptied:
                    return;
                case Outcome.Failed when ++failures == AttemptsAtEnd:
                    BufferLog.NotEmptied(logger, _buffer);
                    return;
                case Outcome.Failed:
                    await Task.Delay(FirstPause, timeProvider, patience).ConfigureAwait(false);
                    break;
            }
        }
    }

    /// <summary>Waits until it is worth a batch.</summary>
    private async Task WaitAsync(CancellationToken stopping)
    {
        var began = timeProvider.GetTimestamp();
        while (!stopping.IsCancellationRequested)
        {
            var left = options.FlushInterval - timeProvider.GetElapsedTime(began);
            if (left <= TimeSpan.Zero
                || await signals.Of(partition).WaitAsync(left < LookInterval ? left : LookInterval, timeProvider, stopping).ConfigureAwait(false))
            {
                return;
            }

            // What others append is not signalled.
            var length = await stream.LengthAsync(CancellationToken.None).ConfigureAwait(false);
            if (length.TryGetValue(out var rows))
            {
                signals.SetLength(partition, rows);
                if (rows >= options.MaximumBatchRows)
                {
                    return;
                }
            }
        }
    }

    private async Task<Outcome> TryWriteAsync(CancellationToken cancellationToken)
    {
        var read = await stream.ReadAsync(options.MaximumBatchRows, cancellationToken).ConfigureAwait(false);
        if (!read.TryGetValue(out var reading))
        {
            return Fail(static (logger, buffer, error) => BufferLog.NotRead(logger, buffer, error), read.Error);
        }

        if (reading.Count > 0)
        {
            try
            {
                var refused = await writer.WriteAsync(partition, reading, cancellationToken).ConfigureAwait(false);
                if (refused > 0)
                {
                    BufferLog.Refused(logger, _buffer, refused);
                }
            }
            catch (Exception error) when (!cancellationToken.IsCancellationRequested)
            {
                // Whatever it is, it must not end the worker, and nothing is lost: the rows are where they were.
                return Fail(static (logger, buffer, error) => BufferLog.NotWritten(logger, buffer, error!), error);
            }

            if (options.Gate is { } gate)
            {
                await gate.PassAsync(BufferStep.Trim, partition).ConfigureAwait(false);
            }

            var trim = await stream.TrimAsync(reading, cancellationToken).ConfigureAwait(false);
            if (!trim.TryGetValue(out var left))
            {
                // They are read again, and passed over.
                return Fail(static (logger, buffer, error) => BufferLog.NotRead(logger, buffer, error), trim.Error);
            }

            signals.SetLength(partition, left);
        }

        if (_isInTrouble)
        {
            _isInTrouble = false;
            BufferLog.WrittenAgain(logger, _buffer);
        }

        return reading.IsCutShort ? Outcome.More : Outcome.Emptied;
    }

    /// <summary>An outage is one line in the log.</summary>
    private Outcome Fail(Action<ILogger, string, Exception?> log, Exception? error)
    {
        if (!_isInTrouble)
        {
            _isInTrouble = true;
            log(logger, _buffer, error);
        }

        return Outcome.Failed;
    }
}
