using System.Globalization;
using HybridStore.Registration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace HybridStore.Diagnostics.Health;

/// <summary>The health of a store: the worst of what its probes find, side by side and each within the time that it has.</summary>
internal sealed class StoreHealthCheck(IReadOnlyList<IHealthProbe> probes, TimeSpan limit, TimeProvider timeProvider, ILogger logger)
    : IHealthCheck
{
    /// <summary>The check of a store that was registered.</summary>
    /// <exception cref="InvalidOperationException">No store was registered under this key.</exception>
    public static IHealthCheck Of(IServiceProvider services, object? key)
    {
        var root = key is null ? services.GetService<StoreRoot>() : services.GetKeyedService<StoreRoot>(key);
        if (root is not null)
        {
            return new StoreHealthCheck(HealthProbes.Of(root), root.Options.Health.ProbeTimeout, root.TimeProvider, root.Logger);
        }

        if ((key is null ? services.GetService<IHybridStore>() : services.GetKeyedService<IHybridStore>(key)) is not null)
        {
            // A test has put another store in its place, which has no servers.
            return new StoreHealthCheck([], TimeSpan.Zero, TimeProvider.System, NullLogger.Instance);
        }

        throw new InvalidOperationException(
            key is null
                ? "There is no store to check: call services.AddHybridStore(...), or give AddHybridStore of the health checks the storeKey "
                    + "of a store that was added with AddKeyedHybridStore."
                : $"There is no store with the key {key} to check: give AddHybridStore of the health checks the key that "
                    + "AddKeyedHybridStore was given.");
    }

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var answers = await Task.WhenAll(probes.Select(probe => AskAsync(probe, cancellationToken))).ConfigureAwait(false);
        var status = HealthStatus.Healthy;
        var data = new Dictionary<string, object>(StringComparer.Ordinal);
        foreach (var answer in answers)
        {
            status = answer.Status < status ? answer.Status : status;
            foreach (var (name, value) in answer.Data)
            {
                data[name] = value;
            }
        }

        var problems = string.Join(' ', answers.OrderBy(answer => answer.Status).Select(answer => answer.Problem).OfType<string>());
        return new HealthCheckResult(
            status == HealthStatus.Unhealthy ? context.Registration.FailureStatus : status,
            problems.Length > 0 ? problems : "The store is well.",
            data: data);
    }

    private async Task<ProbeAnswer> AskAsync(IHealthProbe probe, CancellationToken cancellationToken)
    {
        using var late = new CancellationTokenSource(limit, timeProvider);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellationToken);
        try
        {
            // Not left to the probe: to cancel a statement of a server that is frozen takes time as well.
            return await probe.ProbeAsync(ending.Token).WaitAsync(ending.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (late.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            return probe.Unanswered($"not within {limit.TotalSeconds.ToString("0.#", CultureInfo.InvariantCulture)} s");
        }
        catch (Exception error) when (!cancellationToken.IsCancellationRequested)
        {
            FailureLog.InFull(logger, error);
            return probe.Unanswered(FailureLog.KindOf(error));
        }
    }
}
