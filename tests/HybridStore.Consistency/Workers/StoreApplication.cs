using HybridStore.Consistency.Keys;
using HybridStore.Consistency.Workers.Reads;
using HybridStore.Consistency.Workers.Writes;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace HybridStore.Consistency.Workers;

/// <summary>An application with a store of its own.</summary>
internal sealed class StoreApplication : IApplication
{
    private const int ReadsOfHundred = 90;

    private readonly IHost _host;
    private readonly NpgsqlDataSource _past;
    private readonly StoreReader _reader;
    private readonly WriteMix _writes;

    private StoreApplication(IHost host, NpgsqlDataSource past, StoreReader reader, WriteMix writes) =>
        (_host, _past, _reader, _writes) = (host, past, reader, writes);

    public static async Task<StoreApplication> StartAsync(WorkerPlan plan, KeyLayout layout, OperationLog log)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Logging.ClearProviders();
        StoreSetup.Add(builder.Services, plan.Postgres, plan.Redis, plan.Prefix);
        var host = builder.Build();
        await host.StartAsync();
        var past = NpgsqlDataSource.Create(plan.Postgres);
        var store = host.Services.GetRequiredService<IHybridStore>();
        var tokens = new TokenBoard(plan.TokenFolder, plan.Process);
        return new StoreApplication(
            host, past, new StoreReader(store, layout, log, tokens), new WriteMix(store, past, layout, log, tokens));
    }

    public Task OperateAsync(Random random) =>
        random.Next(100) < ReadsOfHundred ? _reader.ReadAsync(random) : _writes.WriteAsync(random);

    /// <inheritdoc cref="LastReads"/>
    public Task ReadAtEndAsync() => _reader.ReadAtEndAsync();

    public async ValueTask DisposeAsync()
    {
        await _past.DisposeAsync();
        await _host.StopAsync();
        _host.Dispose();
    }
}
