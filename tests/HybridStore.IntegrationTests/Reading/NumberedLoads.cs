namespace HybridStore.IntegrationTests.Reading;

/// <summary>A load that returns how often it has been run: a value that comes twice comes from the cache.</summary>
internal sealed class NumberedLoads
{
    private int _runs;

    public int Runs => Volatile.Read(ref _runs);

    public ValueTask<int> RunAsync(LoadContext context, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(context);
        cancellationToken.ThrowIfCancellationRequested();
        return ValueTask.FromResult(Interlocked.Increment(ref _runs));
    }
}
