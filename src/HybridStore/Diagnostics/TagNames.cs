namespace HybridStore.Diagnostics;

/// <summary>The keys of tags in metrics and traces. Their values are few: no key, tag or value of the application is among them.</summary>
internal static class TagNames
{
    public const string Store = "hybridstore.store";
    public const string Service = "hybridstore.service";
    public const string Policy = "hybridstore.policy";
    public const string Outcome = "hybridstore.outcome";
    public const string Cause = "hybridstore.cause";
    public const string Result = "hybridstore.result";
    public const string RedisState = "hybridstore.redis.state";
    public const string Operation = "hybridstore.operation";
    public const string Source = "hybridstore.source";
    public const string Scope = "hybridstore.scope";
    public const string State = "hybridstore.state";
    public const string Kind = "hybridstore.kind";
    public const string Names = "hybridstore.names";
    public const string Reason = "hybridstore.reason";

    /// <summary>OpenTelemetry's own: the type of the exception.</summary>
    public const string ErrorType = "error.type";
}
