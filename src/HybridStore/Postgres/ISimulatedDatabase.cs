using System.Data;
using HybridStore.Fencing;

namespace HybridStore.Postgres;

/// <summary>Stands in for PostgreSQL in unit tests of applications, where there is no database. Nothing of it is there in
/// production.</summary>
internal interface ISimulatedDatabase
{
    /// <summary>Answers the statements of loads.</summary>
    ISimulatedStatements Statements { get; }

    /// <summary>Stamps a load with what it can see: before its first statement.</summary>
    void Stamp(LoadStamp stamp);

    ISimulatedTransaction Begin(IsolationLevel isolationLevel);

    /// <summary>The fence of a transaction whose id came from elsewhere; null if it was never given out.</summary>
    Fence? Find(ulong transactionId);
}

/// <summary>A transaction that is open from its beginning until it is committed or disposed.</summary>
internal interface ISimulatedTransaction : ISimulatedStatements, IDisposable
{
    IsolationLevel IsolationLevel { get; }

    bool HasEnded { get; }

    /// <summary>What is known of it before its COMMIT; null if it has written nothing and so has no id.</summary>
    Fence? AboutToCommit();

    /// <summary>Commits; null if it has written nothing.</summary>
    Fence? Commit();
}

/// <summary>The statements of a load or a write, as <see cref="Statement"/> runs them on PostgreSQL.</summary>
internal interface ISimulatedStatements
{
    Task<int> ExecuteAsync(string sql, object? parameters, CancellationToken cancellationToken);

    Task<T?> QuerySingleOrDefaultAsync<T>(string sql, object? parameters, CancellationToken cancellationToken);

    Task<IReadOnlyList<T>> QueryAsync<T>(string sql, object? parameters, CancellationToken cancellationToken);

    Task<T?> ExecuteScalarAsync<T>(string sql, object? parameters, CancellationToken cancellationToken);
}
