namespace HybridStore.Testing;

/// <summary>A load or a write ran a statement, there is no database, and the test has arranged no answer for it. Arrange one with
/// <c>store.Answer("part of the SQL", rows)</c>, or give the store an <see cref="Npgsql.NpgsqlDataSource"/>.</summary>
public sealed class UnansweredStatementException : Exception
{
    internal UnansweredStatementException(string message)
        : base(message)
    {
    }
}
