using System.Data;
using HybridStore.Fencing;
using HybridStore.Postgres;

namespace HybridStore.Testing.Statements;

/// <summary>A transaction of a <see cref="SimulatedDatabase"/>: as in PostgreSQL it gets an id when it writes.</summary>
internal sealed class SimulatedTransaction : ISimulatedTransaction
{
    private readonly SimulatedDatabase _database;
    private readonly SimulatedStatements _statements;
    private ulong? _id;

    public SimulatedTransaction(SimulatedDatabase database, StatementAnswers answers, IsolationLevel isolationLevel)
    {
        _database = database;
        _statements = new SimulatedStatements(answers, isOfWrite: true, () => _id ??= _database.AssignId());

        // As Npgsql takes it.
        IsolationLevel = isolationLevel == IsolationLevel.Unspecified ? IsolationLevel.ReadCommitted : isolationLevel;
    }

    public IsolationLevel IsolationLevel { get; }

    public bool HasEnded { get; private set; }

    public Fence? AboutToCommit() => _id is { } id ? SimulatedDatabase.FenceOf(id, isCommitted: false) : null;

    public Fence? Commit()
    {
        Dispose();
        return _id is { } id ? SimulatedDatabase.FenceOf(id, isCommitted: true) : null;
    }

    /// <summary>Rolls back what is not committed.</summary>
    public void Dispose()
    {
        if (!HasEnded && _id is { } id)
        {
            _database.End(id);
        }

        HasEnded = true;
    }

    public Task<int> ExecuteAsync(string sql, object? parameters, CancellationToken cancellationToken) =>
        Open().ExecuteAsync(sql, parameters, cancellationToken);

    public Task<T?> QuerySingleOrDefaultAsync<T>(string sql, object? parameters, CancellationToken cancellationToken) =>
        Open().QuerySingleOrDefaultAsync<T>(sql, parameters, cancellationToken);

    public Task<IReadOnlyList<T>> QueryAsync<T>(string sql, object? parameters, CancellationToken cancellationToken) =>
        Open().QueryAsync<T>(sql, parameters, cancellationToken);

    public Task<T?> ExecuteScalarAsync<T>(string sql, object? parameters, CancellationToken cancellationToken) =>
        Open().ExecuteScalarAsync<T>(sql, parameters, cancellationToken);

    private SimulatedStatements Open() => HasEnded
        ? throw new InvalidOperationException("The write has finished: run its statements inside its callback.")
        : _statements;
}
