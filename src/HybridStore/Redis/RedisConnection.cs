using Microsoft.Extensions.Logging;
using StackExchange.Redis;

namespace HybridStore.Redis;

/// <summary>
/// Connects in the background and keeps the session. Until the first handshake has succeeded there is no session, and Redis counts
/// as down: an application starts and serves while Redis is away.
/// </summary>
internal sealed class RedisConnection(
    Func<CancellationToken, Task<IConnectionMultiplexer>> connect,
    bool ownsMultiplexer,
    RedisHandshake handshake,
    TimeProvider timeProvider,
    ILogger logger) : IAsyncDisposable
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(2);

    private readonly CancellationTokenSource _stopping = new();
    private readonly SemaphoreSlim _handshaking = new(1, 1);
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _lock = new();
    private IConnectionMultiplexer? _multiplexer;
    private Task? _connecting;
    private volatile RedisSession? _session;
    private int _restorations;
    private volatile bool _wasAway;

    /// <summary>Called with a session that nobody has used yet, if Redis was away before or lays its keys out anew.</summary>
    public Action<RedisSession>? OnBack { get; set; }

    /// <summary>Raised when Redis was reached for the first time or again. Handlers must be quick and must not throw.</summary>
    public event Action? Restored;

    /// <summary>Null until Redis has been reached once.</summary>
    public RedisSession? Session => _session;

    /// <summary>Completes when Redis has been reached once.</summary>
    public Task Ready => _ready.Task;

    public void Start()
    {
        lock (_lock)
        {
            if (!_stopping.IsCancellationRequested)
            {
                // Off this thread: an application's own factory may connect synchronously, for many seconds.
                _connecting ??= Task.Run(ConnectAsync, CancellationToken.None);
            }
        }
    }

    /// <summary>Asks again what Redis may evict, which can be changed while it runs. Throws what the client throws.</summary>
    public async Task RefreshEvictionAsync(CancellationToken cancellationToken)
    {
        await _handshaking.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (_session is { } session)
            {
                var eviction = await handshake.EvictionOfAsync(session, cancellationToken).ConfigureAwait(false);
                _session = eviction == session.Eviction ? session : session with { Eviction = eviction };
            }
        }
        finally
        {
            _handshaking.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        IConnectionMultiplexer? multiplexer;
        lock (_lock)
        {
            multiplexer = _multiplexer;
        }

        if (multiplexer is not null)
        {
            multiplexer.ConnectionRestored -= OnConnectionRestored;
        }

        // Where Redis is silent the client's own connecting can take 15 seconds; shutdown does not wait for it, and what comes of it
        // is disposed as it comes.
        if (ownsMultiplexer && multiplexer is not null)
        {
            await multiplexer.DisposeAsync().ConfigureAwait(false);
        }

        _ready.TrySetCanceled();
    }

    private async Task ConnectAsync()
    {
        var pause = FirstPause;
        var reported = false;
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                if (_multiplexer is null)
                {
                    var multiplexer = await connect(_stopping.Token).ConfigureAwait(false);
                    if (!TryAdopt(multiplexer))
                    {
                        if (ownsMultiplexer)
                        {
                            await multiplexer.DisposeAsync().ConfigureAwait(false);
                        }

                        return;
                    }
                }

                await HandshakeAsync(_multiplexer!).ConfigureAwait(false);
                return;
            }
            catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
            {
                return;
            }
            catch (Exception error)
            {
                // Whatever keeps Redis away, an application's failing factory included, may pass.
                if (!reported)
                {
                    RedisLog.NotReached(logger, error);
                    reported = true;
                    _wasAway = true;
                }
            }

            try
            {
                await Task.Delay(pause, timeProvider, _stopping.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                return;
            }

            pause = Longer(pause);
        }
    }

    /// <summary>False if the store has been disposed meanwhile.</summary>
    private bool TryAdopt(IConnectionMultiplexer multiplexer)
    {
        lock (_lock)
        {
            if (_stopping.IsCancellationRequested)
            {
                return false;
            }

            multiplexer.ConnectionRestored += OnConnectionRestored;
            _multiplexer = multiplexer;
            return true;
        }
    }

    private async Task HandshakeAsync(IConnectionMultiplexer multiplexer)
    {
        await _handshaking.WaitAsync(_stopping.Token).ConfigureAwait(false);
        try
        {
            var previous = _session;
            var session = await handshake.RunAsync(multiplexer, previous, _stopping.Token).ConfigureAwait(false);
            if (previous is null ? _wasAway : !ReferenceEquals(previous.Layout, session.Layout))
            {
                OnBack?.Invoke(session);
            }

            _session = session;
            if (previous is null)
            {
                RedisLog.Connected(logger, session.Layout.Partitions.Count);
            }
        }
        finally
        {
            _handshaking.Release();
        }

        _ready.TrySetResult();
        Restored?.Invoke();
    }

    // A server that comes back may have come back empty: its record of the layout is looked at, or written, again.
    private void OnConnectionRestored(object? sender, ConnectionFailedEventArgs restored)
    {
        if (restored.ConnectionType == ConnectionType.Interactive && _session is not null && sender is IConnectionMultiplexer multiplexer)
        {
            _ = RepeatHandshakeAsync(multiplexer);
        }
    }

    private async Task RepeatHandshakeAsync(IConnectionMultiplexer multiplexer)
    {
        var restoration = Interlocked.Increment(ref _restorations);
        var pause = FirstPause;

        // Until it succeeds, or a later restoration takes over: a server may be reached before it serves, and without its record
        // the next instance would lay out its keys as it likes.
        while (restoration == Volatile.Read(ref _restorations))
        {
            try
            {
                await HandshakeAsync(multiplexer).ConfigureAwait(false);
                return;
            }
            catch (Exception) when (_stopping.IsCancellationRequested)
            {
                return;
            }
            catch (Exception error)
            {
                if (pause == FirstPause)
                {
                    RedisLog.HandshakeFailed(logger, error);
                }
            }

            try
            {
                await Task.Delay(pause, timeProvider, _stopping.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                return;
            }

            pause = Longer(pause);
        }
    }

    private static TimeSpan Longer(TimeSpan pause) => pause * 2 < LongestPause ? pause * 2 : LongestPause;
}
