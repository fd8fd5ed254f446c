using HybridStore.Realtime.Diagnostics;
using HybridStore.Realtime.Redis;
using Microsoft.Extensions.Hosting;
using Npgsql;

namespace HybridStore.Realtime.Registration;

/// <summary>Starts and stops the services of one store with the host: tables first, then each service in the order of registration; and warns
/// where what should last is kept by a server that forgets.</summary>
internal sealed class RealtimeStarter(Func<RealtimeRoot> root, Func<IEnumerable<IRealtimeComponent>> components) : IHostedService, IDisposable
{
    private static readonly TimeSpan PatienceWithRedis = TimeSpan.FromSeconds(10);

    private readonly CancellationTokenSource _stopping = new();
    private readonly List<IRealtimeComponent> _started = [];
    private Task _checks = Task.CompletedTask;

    /// <exception cref="InvalidOperationException">The tables are missing, or of another version.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var all = components().ToList();
        if (all.Exists(component => component.NeedsTables))
        {
            await PrepareTablesAsync(root(), cancellationToken).ConfigureAwait(false);
        }

        foreach (var component in all)
        {
            root().Links.For(component.Options).Start();
            await component.StartAsync(cancellationToken).ConfigureAwait(false);
            _started.Add(component);
        }

        // Behind the start: a Redis that is away must not hold it up.
        _checks = Task.Run(() => CheckDurabilityAsync(all, _stopping.Token), CancellationToken.None);
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        await _checks.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

        // The last first: it may stand on those before it.
        for (var index = _started.Count - 1; index >= 0; index--)
        {
            await _started[index].StopAsync(cancellationToken).ConfigureAwait(false);
        }

        _started.Clear();
    }

    public void Dispose() => _stopping.Dispose();

    private static async Task PrepareTablesAsync(RealtimeRoot root, CancellationToken cancellationToken)
    {
        try
        {
            if (root.Options.InstallAtStart)
            {
                await root.Schema.InstallAsync(cancellationToken).ConfigureAwait(false);
                RealtimeLog.Installed(root.Logger, root.Options.Schema);
            }
            else if (!await root.Schema.IsInstalledAsync(cancellationToken).ConfigureAwait(false))
            {
                throw new InvalidOperationException(
                    $"The tables of HybridStore.Realtime are not in the schema {root.Options.Schema}, or of another version: run "
                    + "RealtimeSchema.GetInstallScript as a user who may create them, or set InstallAtStart in ConfigureRealtime.");
            }
        }
        catch (NpgsqlException error) when (error is not PostgresException)
        {
            RealtimeLog.PostgresNotReachedAtStart(root.Logger, error);
        }
    }

    private async Task CheckDurabilityAsync(List<IRealtimeComponent> all, CancellationToken cancellationToken)
    {
        foreach (var ofOneServer in all.Where(component => component.IsDurable).GroupBy(component => root().Links.For(component.Options)))
        {
            await ofOneServer.Key.Ready.WaitAsync(PatienceWithRedis, root().TimeProvider, cancellationToken)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await DurabilityCheck.RunAsync(
                ofOneServer.Key,
                [.. ofOneServer.Select(component => component.Options.ServiceName).Distinct(StringComparer.Ordinal)],
                root().Logger,
                root().TimeProvider,
                cancellationToken).ConfigureAwait(false);
        }
    }
}
