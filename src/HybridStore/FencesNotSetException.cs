namespace HybridStore;

/// <summary>
/// A strict write was rolled back: its fences could not be set before COMMIT, because Redis did not take them, and
/// <see cref="OnFenceFailure.Abort"/> was asked for. Nothing is written, and nothing needs to be invalidated. It can be repeated when Redis is
/// back.
/// </summary>
public sealed class FencesNotSetException : Exception
{
    internal FencesNotSetException()
        : base(
            "The strict write was rolled back: Redis did not take its fences before COMMIT. Repeat it when Redis is back, or use "
            + "OnFenceFailure.Proceed to commit all the same.")
    {
    }
}
