using Microsoft.Extensions.Diagnostics.Metrics.Testing;

namespace HybridStore.IntegrationTests.Fencing;

/// <summary>A caller who waits for a load that is held.</summary>
internal sealed class HeldRead(HeldLoad<int> load, Task<int> value, MetricCollector<long> stores)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>The load holds its lease, and has not read yet.</summary>
    public Task Begun => load.Begun.WaitAsync(Cancellation);

    public Task LetReadAsync() => load.LetReadAsync();

    /// <summary>Lets the load return: what its caller gets, and what became of the value in the cache.</summary>
    public async Task<(int Value, string Stored)> EndAsync()
    {
        var earlier = stores.GetMeasurementSnapshot().Count;
        load.LetReturn();
        var loaded = await value.WaitAsync(Cancellation);
        await stores.WaitForMeasurementsAsync(earlier + 1, Cancellation);
        return (loaded, (string)stores.LastMeasurement!.Tags["hybridstore.result"]!);
    }

    /// <summary>The same for a load that has no lease, and so nothing to store.</summary>
    public Task<int> EndWithoutStoreAsync()
    {
        load.LetReturn();
        return value.WaitAsync(Cancellation);
    }
}
