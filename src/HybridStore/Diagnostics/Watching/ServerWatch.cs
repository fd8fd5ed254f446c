using HybridStore.Redis;
using HybridStore.Resilience;
using Microsoft.Extensions.Logging;
using StackExchange.Redis;

namespace HybridStore.Diagnostics.Watching;

/// <summary>Asks the masters at intervals what they count and what they evict, and cuts the hit rate. It disturbs nobody: what goes wrong is logged
/// when it begins and when it ends.</summary>
internal sealed class ServerWatch : IAsyncDisposable
{
    private static readonly TimeSpan LongestPatience = TimeSpan.FromSeconds(5);

    private readonly RedisConnection _connection;
    private readonly TimeSpan _interval;
    private readonly TimeSpan _patience;
    private readonly TimeProvider _timeProvider;
    private readonly ILogger _logger;
    private readonly HitRateWatch _hitRate;
    private readonly ServerReports _reports;
    private readonly BackgroundLoop _loop;
    private bool _isTroubled;

    public ServerWatch(
        RedisConnection connection,
        ServerWatchOptions options,
        StoreMetrics metrics,
        IReadOnlyList<PolicyMeter> policies,
        TimeProvider timeProvider,
        ILogger logger)
    {
        (_connection, _interval, _timeProvider, _logger) = (connection, options.Interval, timeProvider, logger);
        _patience = _interval < LongestPatience ? _interval : LongestPatience;
        _hitRate = new HitRateWatch(metrics, policies, options, timeProvider, logger);
        _reports = new ServerReports(_interval, timeProvider);
        _ = new ServerInstruments(metrics, _reports);
        _loop = new BackgroundLoop(LoopAsync);
    }

    /// <summary>The hit rate of this process.</summary>
    public HitRateState HitRate => _hitRate.State;

    /// <summary>What the masters evict by, each policy once.</summary>
    public IEnumerable<string> EvictionPolicies =>
        _reports.Fresh.Select(report => report.Info.EvictionPolicy).OfType<string>().Distinct().Order(StringComparer.Ordinal);

    public void Start() => _loop.Start();

    public async ValueTask DisposeAsync()
    {
        await _loop.DisposeAsync().ConfigureAwait(false);

        // A meter may outlive the store.
        _reports.Clear();
        _hitRate.End();
    }

    private async Task LoopAsync(CancellationToken stopping)
    {
        try
        {
            await _connection.Ready.WaitAsync(stopping).ConfigureAwait(false);
            await LookAsync(stopping).ConfigureAwait(false);
            while (true)
            {
                await Task.Delay(_interval, _timeProvider, stopping).ConfigureAwait(false);
                _hitRate.Cut();
                await LookAsync(stopping).ConfigureAwait(false);
            }
        }
        catch (Exception) when (stopping.IsCancellationRequested || _connection.Ready.IsCanceled)
        {
            // The store is disposed. What the client says of a call that was cut short is of no interest any more.
        }
    }

    private async Task LookAsync(CancellationToken stopping)
    {
        string? trouble;
        try
        {
            var session = _connection.Session!;
            var masters = session.Multiplexer.GetServers().Where(server => server is { IsConnected: true, IsReplica: false }).ToArray();
            var answers = await Task.WhenAll(masters.Select(master => AskAsync(master, session, stopping))).ConfigureAwait(false);
            trouble = masters.Length == 0
                ? "no master is connected"
                : answers.Select(answer => answer.Failure).FirstOrDefault(failure => failure is not null);
            var told = answers.Select(answer => answer.Report).OfType<ServerReport>().ToArray();
            _reports.Add(told);
            if (trouble is null)
            {
                await FollowEvictionAsync(session, told, stopping).ConfigureAwait(false);
            }
        }
        catch (Exception error) when (!stopping.IsCancellationRequested)
        {
            trouble = FailureLog.KindOf(error);
            FailureLog.InFull(_logger, error);
        }

        Tell(trouble);
    }

    private async Task<(ServerReport? Report, string? Failure)> AskAsync(IServer master, RedisSession session, CancellationToken stopping)
    {
        try
        {
            var answer = await master.ExecuteAsync("EVAL", RedisScript.Info.For(session.KnowsScriptFlags), 0)
                .WaitAsync(_patience, _timeProvider, stopping).ConfigureAwait(false);
            return (new ServerReport(master.EndPoint, ServerInfo.Parse((string?)answer), _timeProvider.GetTimestamp()), null);
        }
        catch (Exception error) when (!stopping.IsCancellationRequested)
        {
            FailureLog.InFull(_logger, error);
            return (null, FailureLog.KindOf(error));
        }
    }

    /// <summary>What is known of a session is asked again where a server tells something else.</summary>
    private async Task FollowEvictionAsync(RedisSession session, ServerReport[] told, CancellationToken stopping)
    {
        var now = told.Max(report => EvictionScopes.Of(report.Info.EvictionPolicy, hasLimit: report.Info.MemoryLimit is > 0));
        if (now == session.Eviction)
        {
            return;
        }

        await _connection.RefreshEvictionAsync(stopping).ConfigureAwait(false);
        var after = _connection.Session!;
        if (after.Eviction == session.Eviction)
        {
            return;
        }

        WatchLog.EvictionChanged(_logger, EvictionScopes.WordOf(session.Eviction), EvictionScopes.WordOf(after.Eviction));
        if (after.Eviction == EvictionScope.Everything)
        {
            RedisLog.EvictsTags(_logger, after.RefusesTags ? "not cached" : "cached all the same");
        }
    }

    private void Tell(string? trouble)
    {
        if (trouble is not null && !_isTroubled)
        {
            WatchLog.NotTold(_logger, trouble);
        }
        else if (trouble is null && _isTroubled)
        {
            WatchLog.ToldAgain(_logger);
        }

        _isTroubled = trouble is not null;
    }
}
