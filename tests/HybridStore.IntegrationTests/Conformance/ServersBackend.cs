using HybridStore.Conformance;
using Npgsql;

namespace HybridStore.IntegrationTests.Conformance;

/// <summary>The store on real servers.</summary>
internal sealed class ServersBackend(IStoreServers servers) : IStoreBackend
{
    public async Task<IStoreUnderTest> StartAsync(Action<HybridStoreOptions> configure) =>
        new Running(await StoreHost.StartAsync(servers, configure));

    private sealed class Running(StoreHost host) : IStoreUnderTest
    {
        public IHybridStore Store => host.Store;

        public NpgsqlDataSource Database => host.DataSource;

        public void Elapse(TimeSpan time)
        {
            // The servers' time passes by itself.
        }

        public ValueTask DisposeAsync() => host.DisposeAsync();
    }
}
