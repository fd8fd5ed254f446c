namespace HybridStore;

/// <summary>What becomes of a strict write whose fences cannot be set before COMMIT, because Redis is out of reach.</summary>
public enum OnFenceFailure
{
    /// <summary>It is committed all the same, as a write that is not strict: <see cref="WriteReceipt.IsStrict"/> is then
    /// <see langword="false"/>. The default.</summary>
    Proceed,

    /// <summary>It is rolled back, and <see cref="FencesNotSetException"/> says so.</summary>
    Abort,
}
