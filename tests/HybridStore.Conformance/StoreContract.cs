namespace HybridStore.Conformance;

/// <summary>A part of what <see cref="IHybridStore"/> promises, by its public surface alone.</summary>
public abstract class StoreContract(IStoreBackend backend)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    protected static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    protected Task<IStoreUnderTest> StartAsync(Action<HybridStoreOptions>? configure = null) =>
        backend.StartAsync(options => configure?.Invoke(options));

    /// <summary>Reads until the value is another one: an entry has expired then.</summary>
    protected static async Task<int> AnotherThanAsync(int value, Func<ValueTask<int>> read)
    {
        ArgumentNullException.ThrowIfNull(read);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        patience.CancelAfter(Patience);
        while (true)
        {
            var current = await read();
            if (current != value)
            {
                return current;
            }

            await Task.Delay(20, patience.Token);
        }
    }
}
