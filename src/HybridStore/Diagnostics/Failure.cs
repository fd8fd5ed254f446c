using Npgsql;

namespace HybridStore.Diagnostics;

/// <summary>Failures as tags tell them: never a message, which may quote keys and values.</summary>
internal static class Failure
{
    /// <summary>The value of <c>error.type</c>: what PostgreSQL answered, or the type of the exception.</summary>
    public static string TypeOf(Exception error) => error switch
    {
        PostgresException answer => answer.SqlState,
        _ => error.GetType().FullName ?? error.GetType().Name,
    };
}
