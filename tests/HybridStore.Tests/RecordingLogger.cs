using System.Threading.Channels;
using Microsoft.Extensions.Logging;

namespace HybridStore.Tests;

/// <summary>What was logged, in order; a test can wait for the next message.</summary>
internal sealed class RecordingLogger : ILogger
{
    private readonly Channel<(LogLevel Level, EventId Id, string Message, Exception? Error)> _messages =
        Channel.CreateUnbounded<(LogLevel, EventId, string, Exception?)>();

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        _messages.Writer.TryWrite((logLevel, eventId, formatter(state, exception), exception));

    public ValueTask<(LogLevel Level, EventId Id, string Message, Exception? Error)> NextAsync() =>
        _messages.Reader.ReadAsync(TestContext.Current.CancellationToken);

    public bool TryNext(out (LogLevel Level, EventId Id, string Message, Exception? Error) message) =>
        _messages.Reader.TryRead(out message);
}
