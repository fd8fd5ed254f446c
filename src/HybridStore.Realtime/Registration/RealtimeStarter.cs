using HybridStore.Realtime.Diagnostics;
using HybridStore.Realtime.Redis;
using Microsoft.Extensions.Hosting;

namespace HybridStore.Realtime.Registration;

/// <summary>Starts and stops the services of one store with the host: tables first, then each service in the order of registration; and warns
/// where what should last is kept by a server that forgets.</summary>
internal sealed class RealtimeStarter(Func<RealtimeRoot> root, Func<IEnumerable<IRealtimeComponent>> components) : IHostedService, IDisposable
{
    private static readonly TimeSpan PatienceWithRedis = TimeSpan.FromSeconds(10);

    private readonly CancellationTokenSource _stopping = new();
    private readonly List<IRealtimeComponent> _started = [];
    private Task _checks = Task.CompletedTask;
    private Task _tables = Task.CompletedTask;

    /// <exception cref="InvalidOperationException">The tables are missing, or of another version.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var all = components().ToList();
        if (all.Exists(component => component.NeedsTables))
        {
            var tables = new TablePreparation(root());
            if (!await tables.TryAsync(cancellationToken).ConfigureAwait(false))
            {
                RealtimeLog.PostgresNotReachedAtStart(root().Logger);
                _tables = Task.Run(() => tables.GoOnAsync(_stopping.Token), CancellationToken.None);
            }
        }

        try
        {
            foreach (var component in all)
            {
                root().Links.For(component.Options).Start();
                await component.StartAsync(cancellationToken).ConfigureAwait(false);
                _started.Add(component);
            }
        }
        catch
        {
            // The host does not stop what did not start as a whole.
            await StopAsync(CancellationToken.None).ConfigureAwait(false);
            throw;
        }

        // Behind the start: a Redis that is away must not hold it up.
        _checks = Task.Run(() => CheckDurabilityAsync(all, _stopping.Token), CancellationToken.None);
    }

    /// <exception cref="AggregateException">Some could not be stopped as they should; all others were.</exception>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        await _checks.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _tables.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

        // The last first: it may stand on those before it.
        List<Exception> errors = [];
        for (var index = _started.Count - 1; index >= 0; index--)
        {
            try
            {
                await _started[index].StopAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (Exception error)
            {
                errors.Add(error);
            }
        }

        _started.Clear();
        if (errors.Count > 0)
        {
            throw new AggregateException("Services of HybridStore did not stop as they should.", errors);
        }
    }

    public void Dispose() => _stopping.Dispose();

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
