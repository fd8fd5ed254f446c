using Microsoft.Extensions.Time.Testing;

namespace HybridStore.Testing.Tests.Leasing;

/// <summary>The right to load and store one key.</summary>
public sealed class LongLoadTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_load_that_lasts_longer_than_a_lease_keeps_it()
    {
        var time = new FakeTimeProvider();
        var store = new InMemoryHybridStore(new InMemoryHybridStoreOptions { TimeProvider = time });
        var started = new TaskCompletionSource();
        var gate = new TaskCompletionSource<string>();
        var read = store.GetAsync("key", LoadAsync, cancellationToken: Cancellation).AsTask();
        await started.Task.WaitAsync(Cancellation);
        for (var second = 0; second < 15; second++)
        {
            time.Advance(TimeSpan.FromSeconds(1));
        }

        // Would take the lease if that had ended, and store.
        await store.WriteAsync(
            (write, _) =>
            {
                write.Set("key", "written");
                return Task.CompletedTask;
            },
            new WriteOptions { WriteThrough = ["key"] },
            Cancellation);

        Assert.False(store.IsCached("key"));
        gate.SetResult("loaded");
        Assert.Equal("loaded", await read);

        async ValueTask<string> LoadAsync(LoadContext context, CancellationToken token)
        {
            started.SetResult();
            return await gate.Task.WaitAsync(token);
        }
    }
}
