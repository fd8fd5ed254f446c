namespace HybridStore.Consistency.History;

/// <summary>A read, or an invalidation, that failed.</summary>
/// <param name="Process">Whose.</param>
/// <param name="At">When.</param>
/// <param name="What">The operation.</param>
/// <param name="Error">The types of the exceptions, the outermost first.</param>
internal sealed record FailureRecord(int Process, long At, string What, string Error)
{
    public const string Read = "read";
    public const string Write = "write";
    public const string Invalidation = "invalidation";

    public bool IsOfInvalidation => What == Invalidation;

    public bool IsOfRedis => Error.Contains("Redis", StringComparison.Ordinal);
}
