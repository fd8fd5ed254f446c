using HybridStore.Conformance;
using HybridStore.Testing;
using Microsoft.Extensions.Time.Testing;
using Npgsql;

namespace HybridStore.IntegrationTests.Conformance;

/// <summary>The store in memory over a real database.</summary>
internal sealed class InMemoryOnPostgresBackend(ServersFixture servers) : IStoreBackend
{
    public async Task<IStoreUnderTest> StartAsync(Action<HybridStoreOptions> configure)
    {
        var database = await servers.Postgres.CreateDatabaseAsync(TestContext.Current.CancellationToken);
        return new Running(NpgsqlDataSource.Create(database), configure);
    }

    private sealed class Running(NpgsqlDataSource database, Action<HybridStoreOptions> configure) : IStoreUnderTest
    {
        private readonly FakeTimeProvider _time = new();
        private InMemoryHybridStore? _store;

        public IHybridStore Store => _store ??= new(
            new InMemoryHybridStoreOptions { DataSource = database, TimeProvider = _time, Configure = configure });

        public NpgsqlDataSource Database => database;

        public void Elapse(TimeSpan time) => _time.Advance(time);

        public ValueTask DisposeAsync() => database.DisposeAsync();
    }
}
