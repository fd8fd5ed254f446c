using System.Diagnostics;

namespace HybridStore.Diagnostics;

/// <summary>The spans of a store. Started only where somebody listens and wants them; all but those of reads are to be started in an asynchronous
/// flow of their own.</summary>
internal static class StoreTracing
{
    private static readonly ActivitySource Source = new(HybridStoreTelemetry.ActivitySourceName);

    public static bool IsListenedTo => Source.HasListeners();

    /// <summary>The span of a read. It does not become the caller's own: whoever awaits the read enters it.</summary>
    public static Activity? CreateRead(PolicyMeter policy) =>
        Source.CreateActivity("hybridstore.read", ActivityKind.Internal, parentContext: default, policy.Tags);

    public static Activity? StartLoad(PolicyMeter policy) =>
        Source.HasListeners() ? Source.StartActivity("hybridstore.load", ActivityKind.Internal, parentContext: default, policy.Tags) : null;

    /// <summary>A refresh outlives the read that caused it: it is a trace of its own, with a link to that.</summary>
    public static Activity? StartRefresh(PolicyMeter policy, ActivityContext read) => Source.HasListeners()
        ? Source.StartActivity(
            "hybridstore.refresh", ActivityKind.Internal, parentContext: default, policy.Tags, read == default ? null : [new ActivityLink(read)])
        : null;

    public static Activity? StartWrite(KeyValuePair<string, object?> store) =>
        Source.HasListeners() ? Source.StartActivity("hybridstore.write", ActivityKind.Internal, parentContext: default, [store]) : null;

    public static Activity? StartInvalidation(KeyValuePair<string, object?> store, string source) => Source.HasListeners()
        ? Source.StartActivity(
            "hybridstore.invalidate", ActivityKind.Internal, parentContext: default, [store, new(TagNames.Source, source)])
        : null;

    /// <summary>What it is about has failed. That somebody has cancelled is told, and is no error.</summary>
    public static void Fail(Activity? span, Exception error)
    {
        span?.SetTag(TagNames.ErrorType, Failure.TypeOf(error));
        if (error is not OperationCanceledException)
        {
            // Without a description: messages may quote keys and values.
            span?.SetStatus(ActivityStatusCode.Error);
        }
    }

    /// <param name="span">The span; null where there is none.</param>
    /// <param name="error">What it ended with.</param>
    public static void End(Activity? span, Exception? error)
    {
        if (error is not null)
        {
            Fail(span, error);
        }

        span?.Dispose();
    }
}
