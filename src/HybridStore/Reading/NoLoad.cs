namespace HybridStore.Reading;

/// <summary>The state of a read that loads nothing.</summary>
internal readonly record struct NoLoad : ICallerBound
{
    public static ValueTask<T> LoadAsync<T>(NoLoad state, LoadContext context, CancellationToken cancellationToken) =>
        throw new InvalidOperationException("A read that loads nothing was to load.");
}
