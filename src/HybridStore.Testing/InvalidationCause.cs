namespace HybridStore.Testing;

/// <summary>What has invalidated.</summary>
public enum InvalidationCause
{
    /// <summary>A write, by its commit: <see cref="IHybridStore.WriteAsync"/> or <see cref="WriteContext.CommitAsync"/>.</summary>
    Write = 0,

    /// <summary>A call of <see cref="IHybridStore.InvalidateAsync"/> or of what is short for it.</summary>
    Call = 1,

    /// <summary>A call of <see cref="IHybridStore.FlushAsync"/>: everything.</summary>
    Flush = 2,
}
