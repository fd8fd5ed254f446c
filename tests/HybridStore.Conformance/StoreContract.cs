namespace HybridStore.Conformance;

/// <summary>A part of what <see cref="IHybridStore"/> promises, by its public surface alone.</summary>
public abstract class StoreContract(IStoreBackend backend)
{
    protected static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    protected Task<IStoreUnderTest> StartAsync(Action<HybridStoreOptions>? configure = null) =>
        backend.StartAsync(options => configure?.Invoke(options));

    /// <summary>Reads until the value is another one: an entry has expired then.</summary>
    protected static async Task<int> AnotherThanAsync(int value, Func<ValueTask<int>> read)
    {
        ArgumentNullException.ThrowIfNull(read);
        var current = value;
        await Eventually.HappensAsync(async () => (current = await read()) != value);
        return current;
    }

    /// <summary>Lets time pass, where it is the test's to say, until a caller waits no longer.</summary>
    protected static Task PassUntilAsync(IStoreUnderTest test, Task read, TimeSpan step)
    {
        ArgumentNullException.ThrowIfNull(test);
        ArgumentNullException.ThrowIfNull(read);
        return Eventually.HappensAsync(() =>
        {
            test.Elapse(step);
            return read.IsCompleted;
        });
    }
}
