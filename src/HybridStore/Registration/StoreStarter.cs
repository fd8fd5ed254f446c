using Microsoft.Extensions.Hosting;

namespace HybridStore.Registration;

/// <summary>Starts a store with its host: Redis is connected in the background, PostgreSQL's version is looked at.</summary>
internal sealed class StoreStarter(Func<StoreRoot> root) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken) => root().StartAsync(cancellationToken);

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
