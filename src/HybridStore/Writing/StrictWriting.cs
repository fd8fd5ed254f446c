namespace HybridStore.Writing;

/// <summary>What holds for strict writes of a store.</summary>
/// <param name="IsDefault">Whether writes are strict that do not say.</param>
/// <param name="OnFenceFailure">What becomes of those that do not say when Redis does not take their fences.</param>
/// <param name="FenceTtl">How long a load may take that is stored.</param>
/// <param name="TimeProvider">Measures that.</param>
internal sealed record StrictWriting(bool IsDefault, OnFenceFailure OnFenceFailure, TimeSpan FenceTtl, TimeProvider TimeProvider)
{
    /// <summary>The options with the store's settings where they say nothing.</summary>
    public WriteOptions Resolve(WriteOptions options) => options with
    {
        Strict = options.Strict ?? IsDefault,
        OnFenceFailure = options.OnFenceFailure ?? OnFenceFailure,
    };
}
