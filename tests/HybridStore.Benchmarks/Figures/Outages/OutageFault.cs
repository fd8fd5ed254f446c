using HybridStore.Servers;

namespace HybridStore.Benchmarks.Figures.Outages;

/// <summary>A way in which Redis goes away and comes back.</summary>
internal sealed record OutageFault(string Name, Func<TestServers, Task> BeginAsync, Func<TestServers, Task> EndAsync)
{
    public static IReadOnlyList<OutageFault> All { get; } =
    [
        new("paused", static servers => servers.Redis.PauseAsync(), static servers => servers.Redis.ResumeAsync()),
        new("stalled", Do(static servers => servers.Redis.Proxy.Stall()), Do(static servers => servers.Redis.Proxy.Restore())),
        new("cut", Do(static servers => servers.Redis.Proxy.Cut()), Do(static servers => servers.Redis.Proxy.Restore())),
        new("killed", static servers => servers.Redis.KillAsync(), static servers => servers.Redis.StartAsync()),
    ];

    private static Func<TestServers, Task> Do(Action<TestServers> action) => servers =>
    {
        action(servers);
        return Task.CompletedTask;
    };
}
