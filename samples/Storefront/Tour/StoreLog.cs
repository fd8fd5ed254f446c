using System.Collections.Concurrent;

namespace Storefront.Tour;

/// <summary>Keeps what is logged, so that the tour can wait for it and show what matters where it matters.</summary>
internal sealed class StoreLog : ILoggerProvider
{
    public const int CircuitOpened = 1005;
    public const int CircuitClosed = 1007;
    public const int InvalidationQueued = 1100;
    public const int InvalidationAppliedLate = 1101;
    public const int WarmedUp = 2323;

    private readonly ConcurrentQueue<LogLine> _lines = [];

    /// <summary>How many lines there are: a place in the log to look on from.</summary>
    public int Position => _lines.Count;

    /// <summary>What went wrong in the application, the store apart.</summary>
    public IEnumerable<LogLine> Errors => _lines.Where(line => line.Level >= LogLevel.Error && line.Category != "HybridStore");

    public LogLine? Find(int eventId, int since) => _lines.Skip(since).FirstOrDefault(line => line.EventId == eventId);

    public ILogger CreateLogger(string categoryName) => new Logger(categoryName, _lines);

    public void Dispose()
    {
    }

    private sealed class Logger(string category, ConcurrentQueue<LogLine> lines) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            lines.Enqueue(new LogLine(
                TimeProvider.System.GetTimestamp(), logLevel, category, eventId.Id, formatter(state, exception), exception));
    }
}

/// <summary>One line of the log. <c>At</c> is a timestamp of the monotonic clock.</summary>
internal sealed record LogLine(long At, LogLevel Level, string Category, int EventId, string Message, Exception? Exception);
