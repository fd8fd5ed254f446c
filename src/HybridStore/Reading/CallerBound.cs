namespace HybridStore.Reading;

/// <summary>Marks the state of loads that work with what belongs to their caller, such as EF Core's context, which is neither
/// thread-safe nor there for long: they must not run behind it.</summary>
internal interface ICallerBound;

/// <inheritdoc/>
internal readonly record struct CallerBound<TLoad>(TLoad Load) : ICallerBound;
