using HybridStore.Testing.Recording;

namespace HybridStore.Testing.Statements;

/// <summary>What a test has arranged: which statements are answered, and with what. Thread-safe.</summary>
internal sealed class StatementAnswers(StoreRecords records)
{
    private readonly Lock _lock = new();
    private readonly List<(string PartOfSql, Func<RecordedStatement, CancellationToken, Task<IReadOnlyList<object?>>> Answer)> _arranged = [];

    public void Add(string partOfSql, Func<RecordedStatement, CancellationToken, Task<IReadOnlyList<object?>>> answer)
    {
        lock (_lock)
        {
            _arranged.Add((partOfSql, answer));
        }
    }

    /// <exception cref="UnansweredStatementException">Nothing is arranged for the statement.</exception>
    public async Task<IReadOnlyList<object?>> AnswerAsync(RecordedStatement statement, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        records.Add(statement);
        return await Find(statement)(statement, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>What was arranged last comes first: a test may refine what its set-up has arranged.</summary>
    private Func<RecordedStatement, CancellationToken, Task<IReadOnlyList<object?>>> Find(RecordedStatement statement)
    {
        lock (_lock)
        {
            for (var i = _arranged.Count - 1; i >= 0; i--)
            {
                if (StatementText.Contains(statement.Sql, _arranged[i].PartOfSql))
                {
                    return _arranged[i].Answer;
                }
            }
        }

        throw new UnansweredStatementException(
            $"No answer is arranged for the statement \"{StatementText.Beginning(statement.Sql)}\", and this store has no database: arrange "
            + "one with store.Answer(\"part of the SQL\", rows), or make the store with an NpgsqlDataSource.");
    }
}
