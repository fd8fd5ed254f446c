using Npgsql;

namespace HybridStore.Conformance;

/// <summary>Makes the stores that the facts are stated of.</summary>
public interface IStoreBackend
{
    /// <summary>A store that shares nothing with others.</summary>
    Task<IStoreUnderTest> StartAsync(Action<HybridStoreOptions> configure);
}

/// <summary>A store for one fact.</summary>
public interface IStoreUnderTest : IAsyncDisposable
{
    IHybridStore Store { get; }

    /// <summary>Straight access to its database.</summary>
    /// <exception cref="InvalidOperationException">There is none.</exception>
    NpgsqlDataSource Database { get; }

    /// <summary>Time passes, where it is the test's to say. Where it is not, this returns at once, and has to be asked for until it
    /// has.</summary>
    void Elapse(TimeSpan time);
}
