using System.Collections.Frozen;

namespace HybridStore.Consistency.Checking;

/// <summary>What is checked of a cache.</summary>
internal sealed class Promises
{
    private readonly FrozenSet<ViolationKind> _checked;

    private Promises(params IEnumerable<ViolationKind> all) => _checked = all.ToFrozenSet();

    /// <summary>All that the README promises.</summary>
    public static Promises OfHybridStore { get; } = new(Enum.GetValues<ViolationKind>().Except([ViolationKind.FailedUndisturbed]));

    /// <summary>The same where nothing disturbs.</summary>
    public static Promises OfHybridStoreUndisturbed { get; } = new(Enum.GetValues<ViolationKind>());

    /// <summary>What any cache is held to: its own call to remove returned before the read began.</summary>
    public static Promises OfAnyCache { get; } = new(
        ViolationKind.StaleAfterKeyInvalidation,
        ViolationKind.StaleAfterTagInvalidation,
        ViolationKind.StaleAfterFlush,
        ViolationKind.NeverCommitted);

    public IEnumerable<ViolationKind> All => _checked.Order();

    public bool Include(ViolationKind kind) => _checked.Contains(kind);
}
