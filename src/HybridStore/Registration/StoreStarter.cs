using Microsoft.Extensions.Hosting;

namespace HybridStore.Registration;

/// <summary>Starts a store with its host: Redis is connected in the background, PostgreSQL's version is looked at.</summary>
/// <param name="root">Gives nothing where a test has put another store in its place.</param>
internal sealed class StoreStarter(Func<StoreRoot?> root) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken) => root()?.StartAsync(cancellationToken) ?? Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
