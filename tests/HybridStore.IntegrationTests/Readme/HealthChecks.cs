using Microsoft.Extensions.DependencyInjection;

namespace HybridStore.IntegrationTests.Readme;

/// <summary>The registration of health checks and telemetry, as it stands in README.md.</summary>
internal static class HealthChecks
{
    public static void Register(IServiceCollection services)
    {
        // readme: health
        services.AddHealthChecks().AddHybridStore();
        // readme: end
    }
}
