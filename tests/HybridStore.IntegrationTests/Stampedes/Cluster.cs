using System.Diagnostics.Metrics;
using HybridStore.Fencing;
using HybridStore.IntegrationTests.Resilience;
using HybridStore.IntegrationTests.Writing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.Metrics.Testing;

namespace HybridStore.IntegrationTests.Stampedes;

/// <summary>Instances of one application that share Redis and PostgreSQL and nothing else, as processes do: each has connections and a table
/// of flights of its own. Their loads are counted where they arrive, in PostgreSQL.</summary>
internal sealed class Cluster : IAsyncDisposable
{
    public const string Key = "item:1";

    private readonly List<StoreHost> _hosts = [];
    private readonly List<StepGate> _gates = [];
    private readonly List<MetricCollector<long>> _stores = [];
    private readonly List<MetricCollector<long>> _reads = [];

    private Cluster()
    {
    }

    public IReadOnlyList<StoreHost> Hosts => _hosts;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <param name="servers">The servers.</param>
    /// <param name="hosts">How many instances.</param>
    /// <param name="configure">Changes options of the instance with this index.</param>
    public static async Task<Cluster> StartAsync(ServersFixture servers, int hosts, Action<int, HybridStoreOptions>? configure = null)
    {
        var cluster = new Cluster();
        for (var index = 0; index < hosts; index++)
        {
            await cluster.AddAsync(servers, index, configure);
        }

        await cluster._hosts[0].ExecuteAsync(
            """
            create sequence loads;
            create table item (id int primary key, name text not null);
            insert into item values (1, 'kettle');
            """);
        return cluster;
    }

    /// <summary>What a load does: a query of so many milliseconds, which counts itself before it takes them.</summary>
    public static Func<LoadContext, CancellationToken, ValueTask<CountedRow>> Query(int milliseconds) =>
        async (context, token) => (await context.QuerySingleOrDefaultAsync<CountedRow>(
            "select nextval('loads') as load, id, name || pg_sleep(@milliseconds / 1000.0)::text as name from item where id = 1",
            new { milliseconds },
            token))!;

    /// <summary>How many loads PostgreSQL has seen.</summary>
    public async Task<long> CountLoadsAsync()
    {
        await using var command = _hosts[0].DataSource.CreateCommand(
            "select case when is_called then last_value else 0 end from loads");
        return (long)(await command.ExecuteScalarAsync(Cancellation))!;
    }

    /// <summary>Callers of one instance, who all wait for the gate and then read.</summary>
    public Task<CountedRow>[] Call(
        int host,
        int callers,
        Func<LoadContext, CancellationToken, ValueTask<CountedRow>> load,
        Task gate,
        CancellationToken cancellationToken)
    {
        return [.. Enumerable.Range(0, callers).Select(_ => ReadAsync())];

        async Task<CountedRow> ReadAsync()
        {
            await gate.WaitAsync(cancellationToken);
            return await _hosts[host].Store.GetAsync(Key, load, cancellationToken: cancellationToken);
        }
    }

    /// <summary>So many callers of each of these instances wait: one for the lease, or for his load, and the others for him. All instances
    /// but the one that loads have asked for the lease in vain.</summary>
    public Task EverybodyWaitsAsync(int callers, params int[] hosts) => Eventually.HappensAsync(
        () => Array.TrueForAll(hosts, host => _gates[host].Joined.CurrentCount == callers - 1)
            && hosts.Count(host => _gates[host].Count(ProtocolStep.Lease) == 1) <= 1,
        "everybody waits");

    /// <summary>What has become of the values that the instances have loaded.</summary>
    public IEnumerable<string> Stores => ResultsOf(_stores, "hybridstore.result");

    /// <summary>How the reads of the instances have ended.</summary>
    public IEnumerable<string> Reads => ResultsOf(_reads, "hybridstore.outcome");

    public async ValueTask DisposeAsync()
    {
        foreach (var collector in _stores.Concat(_reads))
        {
            collector.Dispose();
        }

        foreach (var host in Enumerable.Reverse(_hosts))
        {
            await host.DisposeAsync();
        }
    }

    private static IEnumerable<string> ResultsOf(List<MetricCollector<long>> collectors, string tag) =>
        collectors.SelectMany(collector => collector.GetMeasurementSnapshot()).Select(measured => (string)measured.Tags[tag]!);

    private async Task AddAsync(ServersFixture servers, int index, Action<int, HybridStoreOptions>? configure)
    {
        var gate = new StepGate(null);
        var host = await StoreHost.StartAsync(
            servers,
            options =>
            {
                options.Protocol = new ProtocolUnderTest { Gate = gate };

                // Nobody gives up waiting because the machine is busy.
                options.LeaseWait = TimeSpan.FromMinutes(1);
                options.LeaseDuration = options.FenceTtl;
                configure?.Invoke(index, options);
            },
            (services, _) => services.AddMetrics(),
            besides: _hosts.FirstOrDefault());
        _hosts.Add(host);
        _gates.Add(gate);
        var meters = host.Services.GetRequiredService<IMeterFactory>();
        _stores.Add(new MetricCollector<long>(meters, HybridStoreTelemetry.MeterName, "hybridstore.stores"));
        _reads.Add(new MetricCollector<long>(meters, HybridStoreTelemetry.MeterName, "hybridstore.reads"));
    }
}
