using Npgsql;

namespace HybridStore.Benchmarks.Figures.Watches;

/// <summary>A client that listens to a channel and does nothing with what it hears.</summary>
internal sealed class NotifiedClient : IAsyncDisposable
{
    private readonly NpgsqlConnection _connection;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _listening;
    private long _heard;

    private NotifiedClient(NpgsqlConnection connection)
    {
        _connection = connection;
        connection.Notification += (_, _) => Interlocked.Increment(ref _heard);
        _listening = ListenAsync();
    }

    public long Heard => Interlocked.Read(ref _heard);

    public static async Task<NotifiedClient> StartAsync(NpgsqlDataSource dataSource, string channel)
    {
        var connection = await dataSource.OpenConnectionAsync();
        await using var command = new NpgsqlCommand($"listen {channel}", connection);
        await command.ExecuteNonQueryAsync();
        return new NotifiedClient(connection);
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _listening;
        await _connection.DisposeAsync();
        _stopping.Dispose();
    }

    private async Task ListenAsync()
    {
        try
        {
            while (true)
            {
                await _connection.WaitAsync(_stopping.Token);
            }
        }
        catch (OperationCanceledException)
        {
            // Disposed.
        }
    }
}
