using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace HybridStore.Diagnostics.Health;

/// <summary>What a probe has found. No key, value or connection string stands in it.</summary>
/// <param name="Status">How bad it is.</param>
/// <param name="Problem">One sentence: what is wrong and what to do; null where nothing is.</param>
/// <param name="Data">Figures under stable names.</param>
internal sealed record ProbeAnswer(HealthStatus Status, string? Problem, IReadOnlyList<(string Name, object Value)> Data)
{
    public static ProbeAnswer Well(params (string Name, object Value)[] data) => new(HealthStatus.Healthy, null, data);

    public static ProbeAnswer Degraded(string problem, params (string Name, object Value)[] data) =>
        new(HealthStatus.Degraded, problem, data);

    public static ProbeAnswer Down(string problem, params (string Name, object Value)[] data) =>
        new(HealthStatus.Unhealthy, problem, data);
}
