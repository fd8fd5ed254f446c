using System.Collections.Concurrent;
using System.Diagnostics;

namespace HybridStore.IntegrationTests.Telemetry;

/// <summary>The ended spans of stores in a trace of the test's own, and those that are linked to it; other tests trace at the same
/// time.</summary>
internal sealed class RecordedSpans : IDisposable
{
    private const string OfTests = "HybridStore.IntegrationTests";

    private static readonly ActivitySource Tests = new(OfTests);

    private readonly ActivityListener _listener;
    private readonly ConcurrentQueue<Activity> _ended = new();

    public RecordedSpans()
    {
        _listener = new ActivityListener
        {
            ShouldListenTo = static source => source.Name is HybridStoreTelemetry.ActivitySourceName or OfTests,
            Sample = static (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = _ended.Enqueue,
        };
        ActivitySource.AddActivityListener(_listener);
        Root = Tests.StartActivity("test", ActivityKind.Internal, parentContext: default)!;
    }

    /// <summary>The test's own span, in which what it awaits runs.</summary>
    public Activity Root { get; }

    /// <summary>Of the test's trace, in the order in which they ended.</summary>
    public IReadOnlyList<Activity> Trace =>
        [.. _ended.Where(span => span.TraceId == Root.TraceId && span.Source.Name == HybridStoreTelemetry.ActivitySourceName)];

    /// <summary>Of other traces, with a link to the test's.</summary>
    public IReadOnlyList<Activity> Linked =>
        [.. _ended.Where(span => span.TraceId != Root.TraceId && span.Links.Any(link => link.Context.TraceId == Root.TraceId))];

    /// <summary>All that are in the trace of another span.</summary>
    public IReadOnlyList<Activity> InTraceOf(Activity span) => [.. _ended.Where(other => other.TraceId == span.TraceId)];

    public void Dispose()
    {
        Root.Dispose();
        _listener.Dispose();
    }
}
