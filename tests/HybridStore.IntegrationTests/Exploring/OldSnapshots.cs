using System.Data;
using HybridStore.IntegrationTests.Fencing;

namespace HybridStore.IntegrationTests.Exploring;

/// <summary>Loads that read in a transaction of the application's own, which has its snapshot from before the order began.</summary>
internal static class OldSnapshots
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static async Task BeginAsync(Stage stage)
    {
        var connection = await stage.Rig.First.DataSource.OpenConnectionAsync(Cancellation);
        stage.Afterwards(connection.DisposeAsync);
        await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, Cancellation);
        await LoadPaths.ScalarAsync<string>(stage.Item.Sql(stage.Rig), connection, Cancellation);
        stage.Connection = connection;
    }

    /// <summary>What it gets itself is as old as it has asked for.</summary>
    public static Actor Reader(Stage stage, char letter, StoreHost host) => new(
        letter,
        "reader with an old snapshot",
        _ => stage.ReadAsync(
            host,
            stage.Item,
            async (context, token) =>
            {
                context.AddTags(stage.Item.Tags);
                await context.StampAsync(stage.Connection!, token);
                return await LoadPaths.ScalarAsync<string>(stage.Item.Sql(stage.Rig), stage.Connection!, token);
            },
            mayBeOld: true));
}
