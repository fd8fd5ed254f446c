using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace HybridStore.IntegrationTests.Telemetry;

/// <summary>The client's own metrics tell the store's pool from others by its name.</summary>
public sealed class PoolTests(ServersFixture servers)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_pool_that_a_store_makes_has_its_name()
    {
        var database = new NpgsqlConnectionStringBuilder(await servers.Postgres.CreateDatabaseAsync(Cancellation)) { MaxPoolSize = 7 };
        await using var services = new ServiceCollection()
            .AddKeyedHybridStore("pooled", options =>
            {
                options.PostgresConnectionString = database.ConnectionString;
                options.Mode = HybridStoreMode.PassThrough;
            })
            .Services.BuildServiceProvider();
        var store = services.GetRequiredKeyedService<IHybridStore>("pooled");

        var used = await store.GetAsync(
            "key",
            async (context, token) =>
            {
                await context.QuerySingleOrDefaultAsync<int>("select 1", cancellationToken: token);
                return Of("HybridStore.pooled");
            },
            EntryOptions.Never,
            Cancellation);
        var idle = Of("HybridStore.pooled");

        Assert.Equal(7, idle["db.client.connection.max"]);
        Assert.Equal((1, 0), (idle["db.client.connection.count idle"], idle["db.client.connection.count used"]));
        Assert.Equal(7, used["db.client.connection.max"]);
    }

    /// <summary>What the meter of the client says of a pool now.</summary>
    private static Dictionary<string, double> Of(string pool)
    {
        var measured = new ConcurrentDictionary<string, double>();
        using var listener = new MeterListener
        {
            InstrumentPublished = static (instrument, listener) =>
            {
                if (instrument.Meter.Name == "Npgsql")
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<int>((instrument, value, tags, _) => Add(instrument, value, tags));
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Add(instrument, value, tags));
        listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Add(instrument, value, tags));
        listener.Start();
        listener.RecordObservableInstruments();
        return new Dictionary<string, double>(measured);

        void Add(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            var of = new Dictionary<string, object?>(tags.ToArray());
            if (of.GetValueOrDefault("db.client.connection.pool.name") is string name && name == pool)
            {
                measured[$"{instrument.Name} {of.GetValueOrDefault("db.client.connection.state")}".Trim()] = value;
            }
        }
    }
}
