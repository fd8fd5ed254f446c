using System.Net.Sockets;
using HybridStore.Consistency.Faults;
using HybridStore.Consistency.History;
using HybridStore.Consistency.Workers;
using Npgsql;

namespace HybridStore.Consistency.Running;

/// <summary>Looks into the database for new commits, so that by when one was visible is known also where its writer was killed.</summary>
internal sealed class CommitWatch(SoakServers servers)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(30);

    // Ids are handed out again after a crash: some of the old ones are looked at again.
    private const long Margin = 1000;

    /// <summary>When each write was seen first.</summary>
    public Dictionary<long, long> SeenAt { get; } = [];

    public async Task RunAsync(CancellationToken stopping)
    {
        var since = 0L;
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                await using var connection = await servers.OpenAsync(stopping);
                while (true)
                {
                    since = await LookAsync(connection, since, stopping);
                    await Task.Delay(Pause, stopping);
                }
            }
            catch (OperationCanceledException) when (stopping.IsCancellationRequested)
            {
                return;
            }
            catch (Exception error) when (error is NpgsqlException or SocketException or IOException or TimeoutException)
            {
                // PostgreSQL is away.
                await Task.Delay(Pause, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async Task<long> LookAsync(NpgsqlConnection connection, long since, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(RowStatements.CommittedSince, connection);
        command.Parameters.AddWithValue("since", since.ToString(System.Globalization.CultureInfo.InvariantCulture));
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var writers = new List<long>();
        var next = since;
        while (await reader.ReadAsync(cancellationToken))
        {
            writers.Add(reader.GetInt64(0));
            next = long.Parse(reader.GetString(1), System.Globalization.CultureInfo.InvariantCulture) - Margin;
        }

        var now = Clock.Now;
        foreach (var writer in writers)
        {
            SeenAt.TryAdd(writer, now);
        }

        return Math.Max(0, next);
    }
}
