using HybridStore.Postgres;

namespace HybridStore.Testing.Statements;

/// <summary>Runs statements against what a test has arranged.</summary>
/// <param name="answers">What is arranged.</param>
/// <param name="isOfWrite">Whether a write runs them, and not a load.</param>
/// <param name="noteWrite">Called before a statement that may write.</param>
internal sealed class SimulatedStatements(StatementAnswers answers, bool isOfWrite, Action? noteWrite = null) : ISimulatedStatements
{
    public async Task<int> ExecuteAsync(string sql, object? parameters, CancellationToken cancellationToken)
    {
        var (_, rows) = await RunAsync(sql, parameters, mayWrite: true, cancellationToken).ConfigureAwait(false);
        return AnswerRows.Count(rows);
    }

    public async Task<T?> QuerySingleOrDefaultAsync<T>(string sql, object? parameters, CancellationToken cancellationToken) =>
        (await QueryAsync<T>(sql, parameters, cancellationToken).ConfigureAwait(false)).SingleOrDefault();

    public async Task<IReadOnlyList<T>> QueryAsync<T>(string sql, object? parameters, CancellationToken cancellationToken)
    {
        var (statement, rows) = await RunAsync(sql, parameters, MayWrite(sql), cancellationToken).ConfigureAwait(false);
        return AnswerRows.Of<T>(rows, statement);
    }

    public async Task<T?> ExecuteScalarAsync<T>(string sql, object? parameters, CancellationToken cancellationToken)
    {
        var rows = await QueryAsync<T>(sql, parameters, cancellationToken).ConfigureAwait(false);
        return rows.Count == 0 ? default : rows[0];
    }

    // With RETURNING a write answers as a query does.
    private static bool MayWrite(string? sql) => sql?.TrimStart().StartsWith("select", StringComparison.OrdinalIgnoreCase) == false;

    private async Task<(RecordedStatement Statement, IReadOnlyList<object?> Rows)> RunAsync(
        string sql, object? parameters, bool mayWrite, CancellationToken cancellationToken)
    {
        Statement.ThrowIfInvalid(sql, parameters);
        if (mayWrite)
        {
            noteWrite?.Invoke();
        }

        var statement = new RecordedStatement(sql, parameters, isOfWrite);
        return (statement, await answers.AnswerAsync(statement, cancellationToken).ConfigureAwait(false));
    }
}
