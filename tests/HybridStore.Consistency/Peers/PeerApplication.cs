using HybridStore.Consistency.History;
using HybridStore.Consistency.Keys;
using HybridStore.Consistency.Workers;
using HybridStore.Consistency.Workers.Writes;
using Npgsql;

namespace HybridStore.Consistency.Peers;

/// <summary>An application that reads through another cache, and removes from it what a write has changed once the write is
/// committed.</summary>
internal sealed class PeerApplication : IApplication
{
    private const int ReadsOfHundred = 90;
    private const int LargestBatch = 12;

    private readonly IPeerCache _cache;
    private readonly NpgsqlDataSource _dataSource;
    private readonly KeyLayout _layout;
    private readonly OperationLog _log;

    private PeerApplication(IPeerCache cache, NpgsqlDataSource dataSource, KeyLayout layout, OperationLog log) =>
        (_cache, _dataSource, _layout, _log) = (cache, dataSource, layout, log);

    public static async Task<IApplication> StartAsync(WorkerPlan plan, KeyLayout layout, OperationLog log)
    {
        var cache = plan.Protocol switch
        {
            Protocol.FusionCache => await FusionPeer.StartAsync(plan),
            Protocol.HybridCache => await HybridCachePeer.StartAsync(plan),
            _ => await NaiveCache.StartAsync(plan),
        };
        return new PeerApplication(cache, NpgsqlDataSource.Create(plan.Postgres), layout, log);
    }

    public Task OperateAsync(Random random)
    {
        if (random.Next(100) < ReadsOfHundred)
        {
            var count = random.Next(10) == 0 ? random.Next(2, LargestBatch) : 1;
            return Task.WhenAll(Enumerable.Range(0, count)
                .Select(_ => (Key: _layout.Keys[random.Next(_layout.Keys.Count)], Hold: LoadHolds.Any(random)))
                .ToList()
                .Select(call => ReadAsync(call.Key, call.Hold)));
        }

        var choice = random.Next(10_000);
        return choice < 30 ? ClearAsync() : choice < 900 ? RemoveAsync(Change.Any(random, _layout).Names) : WriteAsync(Change.Any(random, _layout));
    }

    public async ValueTask DisposeAsync()
    {
        await _cache.DisposeAsync();
        await _dataSource.DisposeAsync();
    }

    private async Task ReadAsync(SoakKey key, TimeSpan hold)
    {
        var loaded = false;
        var began = Clock.Now;
        try
        {
            var rows = await _cache.ReadAsync(key, _layout.TagOf(key), async () =>
            {
                loaded = true;
                var loadedRows = await LoadAsync(key);
                await LoadHolds.PassAsync(hold);
                return loadedRows;
            });
            _log.Read(_log.Returned(key, began, loaded, rows.Select(row => row.ToVersion())));
        }
        catch (Exception error)
        {
            _log.Failed(FailureRecord.Read, error);
        }
    }

    private async Task<RowValue[]> LoadAsync(SoakKey key)
    {
        await using var command = _dataSource.CreateCommand(
            key.Kind is KeyKind.Item or KeyKind.Member ? RowStatements.Row : RowStatements.Group);
        command.Parameters.AddWithValue("id", key.Number);
        await using var reader = await command.ExecuteReaderAsync();
        var rows = new List<RowValue>();
        while (await reader.ReadAsync())
        {
            rows.Add(new RowValue(reader.GetInt32(0), reader.GetInt64(1), reader.GetInt64(2)));
        }

        return [.. rows];
    }

    private async Task WriteAsync(Change change)
    {
        var id = _log.Begin(OperationKind.Peer, change.Names);
        var sent = false;
        try
        {
            await using var connection = await _dataSource.OpenConnectionAsync();
            await using var transaction = await connection.BeginTransactionAsync();
            await change.ApplyAsync(connection, id);
            sent = true;
            await transaction.CommitAsync();
        }
        catch (Exception error)
        {
            if (sent)
            {
                _log.OutcomeUnknown(id);
            }
            else
            {
                _log.RolledBackBy(id, error);
            }

            return;
        }

        _log.Committed(id);
        await RemoveAsync(id, change.Names);
    }

    private Task RemoveAsync(Names names) => RemoveAsync(_log.Begin(OperationKind.Invalidation, names), names);

    private async Task RemoveAsync(long id, Names names)
    {
        try
        {
            foreach (var key in names.Keys)
            {
                await _cache.RemoveAsync(key);
            }

            foreach (var tag in names.Tags)
            {
                await _cache.RemoveByTagAsync(tag);
            }

            _log.Invalidated(id);
        }
        catch (Exception error)
        {
            _log.Failed(FailureRecord.Invalidation, error);
        }
    }

    private async Task ClearAsync()
    {
        var id = _log.Begin(OperationKind.Flush, Names.OfEverything);
        try
        {
            if (await _cache.TryClearAsync())
            {
                _log.Invalidated(id);
            }
        }
        catch (Exception error)
        {
            _log.Failed(FailureRecord.Invalidation, error);
        }
    }
}
