using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace HybridStore.Realtime.Worker;

/// <summary>An application on the servers of the test that has started it.</summary>
internal sealed class WorkerScene : IAsyncDisposable
{
    private readonly IHost _host;

    private WorkerScene(IHost host) => _host = host;

    public IServiceProvider Services => _host.Services;

    public static async Task<WorkerScene> StartAsync(string prefix, string postgres, string redis, string mode, string[] arguments)
    {
        var builder = Host.CreateEmptyApplicationBuilder(settings: null);
        builder.Logging.AddFilter(level => level >= LogLevel.Error).AddConsole(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
        var store = builder.Services.AddHybridStore(options =>
        {
            options.PostgresConnectionString = postgres;
            options.RedisConnectionString = redis;
            options.KeyPrefix = prefix;
            options.RedisTimeout = TimeSpan.FromSeconds(2);
            options.ServerWatch.Interval = TimeSpan.Zero;
        });
        WorkerModes.FindMode(mode)!.Register(store, arguments);
        var host = builder.Build();
        await host.StartAsync();
        return new WorkerScene(host);
    }

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync();
        _host.Dispose();
    }
}
