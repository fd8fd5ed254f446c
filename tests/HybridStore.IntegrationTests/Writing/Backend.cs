using Npgsql;

namespace HybridStore.IntegrationTests.Writing;

/// <summary>What PostgreSQL says about the process behind a connection.</summary>
internal static class Backend
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>The process that runs a write. A pooler gives each connection an id of its own, so PostgreSQL is asked.</summary>
    public static Task<int> OfAsync(WriteContext write, CancellationToken cancellationToken) =>
        write.ExecuteScalarAsync<int>("select pg_backend_pid()", cancellationToken: cancellationToken);

    /// <summary>Returns when the process waits for an event: of a type such as <c>Lock</c>, or of a name such as
    /// <c>SyncRep</c>.</summary>
    public static async Task UntilItWaitsAsync(NpgsqlDataSource observer, int processId, string waitEvent)
    {
        // PostgreSQL tells nobody, so it is asked until it is so; it makes the pause itself.
        await using var command = observer.CreateCommand(
            "select 1 from pg_stat_activity, pg_sleep(0.005) where pid = $1 and $2 in (wait_event_type, wait_event)");
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = processId });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = waitEvent });
        while (await command.ExecuteScalarAsync(Cancellation) is null)
        {
        }
    }

    public static Task TerminateAsync(NpgsqlDataSource observer, int processId) =>
        SignalAsync(observer, "select pg_terminate_backend($1)", processId);

    /// <summary>Ends what the process does or waits for, and not the process.</summary>
    public static Task CancelAsync(NpgsqlDataSource observer, int processId) =>
        SignalAsync(observer, "select pg_cancel_backend($1)", processId);

    private static async Task SignalAsync(NpgsqlDataSource observer, string sql, int processId)
    {
        await using var command = observer.CreateCommand(sql);
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = processId });
        Assert.True((bool)(await command.ExecuteScalarAsync(Cancellation))!);
    }
}
