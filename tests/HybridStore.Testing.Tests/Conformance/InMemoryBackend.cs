using HybridStore.Conformance;
using Microsoft.Extensions.Time.Testing;
using Npgsql;

namespace HybridStore.Testing.Tests.Conformance;

/// <summary>Stores in memory that have no database.</summary>
internal sealed class InMemoryBackend : IStoreBackend
{
    public Task<IStoreUnderTest> StartAsync(Action<HybridStoreOptions> configure) => Task.FromResult<IStoreUnderTest>(new Running(configure));

    private sealed class Running(Action<HybridStoreOptions> configure) : IStoreUnderTest
    {
        private readonly FakeTimeProvider _time = new();
        private InMemoryHybridStore? _store;

        public IHybridStore Store => _store ??= new(new InMemoryHybridStoreOptions { TimeProvider = _time, Configure = configure });

        public NpgsqlDataSource Database => throw new InvalidOperationException("There is no database.");

        public void Elapse(TimeSpan time) => _time.Advance(time);

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
