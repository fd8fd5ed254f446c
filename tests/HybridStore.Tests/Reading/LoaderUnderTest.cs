using HybridStore.Diagnostics;
using HybridStore.Policies;
using HybridStore.Postgres;
using HybridStore.Reading;
using Npgsql;

namespace HybridStore.Tests.Reading;

/// <summary>A loader that stores nothing, over a PostgreSQL that is never asked.</summary>
internal sealed class LoaderUnderTest : IDisposable
{
    private readonly NpgsqlDataSource _dataSource = NpgsqlDataSource.Create("Host=localhost");

    public LoaderUnderTest() => Loader = new EntryLoader(
        new PostgresGateway(_dataSource, ownsDataSource: false, Logger),
        Flights,
        storer: null,
        new StoreMetrics(null, "test"),
        TimeProvider.System,
        Logger);

    public RecordingLogger Logger { get; } = new();

    public FlightTable Flights { get; } = new();

    public EntryLoader Loader { get; }

    /// <summary>Reads as callers do; when this returns its task, the caller has joined a flight.</summary>
    public Task<T> ReadAsync<T>(
        string key, Func<LoadContext, CancellationToken, ValueTask<T>> load, CancellationToken cancellationToken = default) =>
        Loader.LoadSharedAsync(Request(key, load), cancellationToken).AsTask();

    public Task<T> ReadAsync<T>(string key, Func<CancellationToken, Task<T>> load, CancellationToken cancellationToken = default) =>
        ReadAsync(key, (_, token) => new ValueTask<T>(load(token)), cancellationToken);

    public void RefreshBehind<T>(string key, Func<CancellationToken, Task<T>> load) =>
        Loader.RefreshBehind(Request<T>(key, (_, token) => new ValueTask<T>(load(token))));

    public static LoadRequest<Func<LoadContext, CancellationToken, ValueTask<T>>, T> Request<T>(
        string key, Func<LoadContext, CancellationToken, ValueTask<T>> load) =>
        new(key, load, static (call, context, token) => call(context, token), EntrySettings.Default);

    public void Dispose() => _dataSource.Dispose();
}
