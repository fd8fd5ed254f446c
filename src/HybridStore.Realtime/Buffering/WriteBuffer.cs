using System.Runtime.CompilerServices;
using HybridStore.Realtime.Redis;
using HybridStore.Realtime.Registration;

namespace HybridStore.Realtime.Buffering;

/// <summary>A buffer as the application sees it: serializes rows, spreads them over the partitions, and does with those that are not taken what
/// the application has chosen.</summary>
internal sealed class WriteBuffer<T> : IWriteBuffer<T>, IRealtimeComponent, IDisposable
    where T : notnull
{
    // Appends that follow each other go to one partition: those that come at the same time leave together.
    private const int AppendsInARow = 32;
    private const int MostDeadLetters = 10_000;

    private readonly WriteBufferOptions<T> _options;
    private readonly RealtimeRoot _root;
    private readonly RedisLink _link;
    private readonly BufferLayout _layout;
    private readonly BufferRows<T> _rows;
    private readonly BufferMetrics _metrics;
    private readonly BufferSignals _signals;
    private readonly DeadLetters _letters;
    private readonly BatchWriter<T> _writer;
    private readonly BufferFlush _flush;
    private readonly BufferStatusReader _status;
    private readonly AppendPump[] _pumps;
    private readonly BufferWorkers<T> _workers;
    private readonly Guid _producer = Guid.NewGuid();
    private uint _turn;

    public WriteBuffer(RealtimeRoot root, WriteBufferOptions<T> options)
    {
        (_root, _options) = (root, options);
        _link = root.Links.For(options);
        _layout = new BufferLayout(
            options.KeyPrefix ?? _link.Prefix, options.Name, options.Partitions, options.MaximumLength, options.MaximumBytes);
        _rows = new BufferRows<T>(options);
        _metrics = new BufferMetrics(root.Metrics);
        _signals = new BufferSignals(
            options.Partitions, options.MaximumBatchRows, _metrics, () => BufferLog.RowsLost(root.Logger, options.Name));
        var tables = new BufferTables(root.Schema, _layout.Identity);
        _letters = new DeadLetters(root.Schema, _layout.Identity);
        _writer = new BatchWriter<T>(() => root.DataSource, tables, _letters, _rows, _metrics, options.Gate);
        var streams = Enumerable.Range(0, options.Partitions)
            .Select(partition => new PartitionStream(_link, _layout, partition, new ReadPace(options.MaximumRowBytes)))
            .ToArray();
        var unanswered = new UnansweredCalls(
            options.WhenRedisIsDown, options.BlockTimeout, _writer.WriteUnansweredAsync, root.TimeProvider);
        _pumps =
        [
            .. Enumerable.Range(0, options.Partitions)
                .Select(partition => new AppendPump(_link, _layout, partition, _producer, unanswered, _signals, root.TimeProvider)),
        ];
        _flush = new BufferFlush(
            streams,
            Array.ConvertAll(_pumps, pump => pump.Acknowledged),
            _producer,
            tables,
            () => root.DataSource,
            _signals,
            options.Name,
            root.TimeProvider);
        _status = new BufferStatusReader(streams, tables, _letters, () => root.DataSource, options.Name);
        var claims = new PartitionClaims(
            cancellationToken => ClaimSession.OpenAsync(root.DataSource, options.WorkerConnectionString, _layout.LockSpace, cancellationToken),
            _layout,
            _signals,
            root.Logger,
            root.TimeProvider);
        _workers = new BufferWorkers<T>(
            claims,
            new BufferPurge(claims, tables, () => root.DataSource, options.Name, root.Logger, root.TimeProvider),
            [
                .. streams.Select((stream, partition) => new PartitionWorker<T>(
                    partition, stream, _writer, claims, _signals, options, root.Logger, root.TimeProvider)),
            ],
            _signals,
            options.Name,
            root.Logger);
    }

    public RealtimeServiceOptions Options => _options;

    public bool IsDurable => true;

    public bool NeedsTables => true;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        if (_options.RunWorkers)
        {
            _workers.Start();
        }

        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => _workers.StopAsync(cancellationToken);

    public void Dispose() => _workers.Dispose();

    public ValueTask AppendAsync(T row, CancellationToken cancellationToken = default) =>
        cancellationToken.IsCancellationRequested
            ? ValueTask.FromCanceled(cancellationToken)
            : AppendAsync(_rows.Encode(row), 1, cancellationToken);

    public async ValueTask AppendRangeAsync(IReadOnlyList<T> rows, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(rows);
        var taken = 0;
        var chunks = RowChunks.Of(
            rows,
            _rows.Encode,
            (int)Math.Min(_layout.MaximumRows, AppendCall.MostRows),
            (int)Math.Min(_layout.MaximumBytes, AppendCall.MostBytes));
        foreach (var (payload, count) in chunks)
        {
            try
            {
                cancellationToken.ThrowIfCancellationRequested();
                await AppendAsync(payload, count, cancellationToken).ConfigureAwait(false);
                taken += count;
            }
            catch (WriteBufferException error)
            {
                error.RowsTaken = taken;
                throw;
            }
        }
    }

    public Task FlushAsync(CancellationToken cancellationToken = default) => _flush.RunAsync(cancellationToken);

    public Task<WriteBufferStatus> GetStatusAsync(CancellationToken cancellationToken = default) => _status.ReadAsync(cancellationToken);

    public Task<IReadOnlyList<BufferDeadLetter>> GetDeadLettersAsync(int limit = 100, CancellationToken cancellationToken = default)
    {
        ThrowIfNoLimit(limit);
        return _letters.ReadAsync(_root.DataSource, limit, cancellationToken);
    }

    public Task<int> RetryDeadLettersAsync(int limit = 1000, CancellationToken cancellationToken = default)
    {
        ThrowIfNoLimit(limit);
        return _writer.RetryAsync(limit, cancellationToken);
    }

    private static void ThrowIfNoLimit(int limit)
    {
        if (limit is < 1 or > MostDeadLetters)
        {
            throw new ArgumentOutOfRangeException(nameof(limit), limit, "The limit must be from 1 to 10,000: take dead letters in several calls.");
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask AppendAsync(byte[] payload, int rows, CancellationToken cancellationToken)
    {
        var since = _root.TimeProvider.GetTimestamp();
        BlockPauses? pauses = null;
        while (true)
        {
            var first = (int)(Interlocked.Increment(ref _turn) / AppendsInARow % (uint)_pumps.Length);
            var outcome = await OfferAsync(first, payload, rows, since, cancellationToken).ConfigureAwait(false);
            if (outcome.Verdict is AppendVerdict.Full or AppendVerdict.Unavailable)
            {
                outcome = await OfferOthersAsync(outcome, first, payload, rows, since, cancellationToken).ConfigureAwait(false);
            }

            if (outcome.Verdict == AppendVerdict.Taken)
            {
                _metrics.Appended(rows, "taken");
                return;
            }

            switch (outcome.Verdict == AppendVerdict.Full ? _options.WhenFull : _options.WhenRedisIsDown)
            {
                case BufferOverflow.WriteThrough when outcome.Verdict != AppendVerdict.Unknown:
                    await WriteThroughAsync(first, payload, rows, cancellationToken).ConfigureAwait(false);
                    return;
                case BufferOverflow.Block when outcome.Verdict != AppendVerdict.Unknown:
                    pauses ??= new BlockPauses(_options.BlockTimeout, since, _root.TimeProvider);
                    if (await pauses.WaitAsync(cancellationToken).ConfigureAwait(false))
                    {
                        continue;
                    }

                    break;
            }

            throw Failed(rows, outcome);
        }
    }

    private Task<AppendOutcome> OfferAsync(int partition, byte[] payload, int rows, long since, CancellationToken cancellationToken) =>
        _pumps[partition].AppendAsync(new PendingAppend(payload, rows) { WaitingSince = since }, cancellationToken);

    /// <summary>Offers rows that one partition has not taken to the others, until one has. Full somewhere is full: it is a matter of time.</summary>
    private async ValueTask<AppendOutcome> OfferOthersAsync(
        AppendOutcome outcome, int first, byte[] payload, int rows, long since, CancellationToken cancellationToken)
    {
        for (var offset = 1; offset < _pumps.Length; offset++)
        {
            if (outcome.Verdict == AppendVerdict.Unavailable && _link.Session is not { IsCluster: true })
            {
                // One server holds all partitions.
                break;
            }

            var other = await OfferAsync((first + offset) % _pumps.Length, payload, rows, since, cancellationToken).ConfigureAwait(false);
            if (other.Verdict is AppendVerdict.Taken or AppendVerdict.Unknown)
            {
                return other;
            }

            outcome = outcome.Verdict == AppendVerdict.Full ? outcome : other;
        }

        return outcome;
    }

    private async Task WriteThroughAsync(int partition, byte[] payload, int rows, CancellationToken cancellationToken)
    {
        try
        {
            var call = BufferEntry.Encode(Guid.NewGuid(), 1, rows, [new PendingAppend(payload, rows)]);
            await _writer.WriteDirectlyAsync(partition, call, cancellationToken).ConfigureAwait(false);
            _metrics.Appended(rows, "direct");
        }
        catch (UnknownCommitException error)
        {
            throw Failed(rows, new AppendOutcome(AppendVerdict.Unknown, error));
        }
    }

    private WriteBufferException Failed(int rows, in AppendOutcome outcome)
    {
        switch (outcome.Verdict)
        {
            case AppendVerdict.Full:
                _metrics.Appended(rows, "full");
                return new BufferFullException(_options.Name, outcome.Error);
            case AppendVerdict.Unavailable:
                _metrics.Appended(rows, "unavailable");
                return new BufferUnavailableException(_options.Name, outcome.Error);
            default:
                _metrics.Appended(rows, "unknown");
                return new BufferAppendUnknownException(_options.Name, outcome.Error);
        }
    }
}
