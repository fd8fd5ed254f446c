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
        var current = value;
        await EventuallyAsync(async () => (current = await read()) != value);
        return current;
    }

    /// <summary>Lets time pass, where it is the test's to say, until a caller waits no longer.</summary>
    protected static Task PassUntilAsync(IStoreUnderTest test, Task read, TimeSpan step)
    {
        ArgumentNullException.ThrowIfNull(test);
        ArgumentNullException.ThrowIfNull(read);
        return EventuallyAsync(() =>
        {
            test.Elapse(step);
            return Task.FromResult(read.IsCompleted);
        });
    }

    /// <summary>Waits for what only the servers' time brings. The limit only ends a test that has failed.</summary>
    protected static async Task EventuallyAsync(Func<Task<bool>> condition)
    {
        ArgumentNullException.ThrowIfNull(condition);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        patience.CancelAfter(Patience);
        while (!await condition())
        {
            await Task.Delay(20, patience.Token);
        }
    }
}
