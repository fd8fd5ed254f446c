using HybridStore.Redis;
using HybridStore.Resilience;
using Polly.CircuitBreaker;
using StackExchange.Redis;

namespace HybridStore.Diagnostics.Health;

/// <summary>Whether Redis serves: it is asked once through each circuit breaker, as a reader would, so that a Redis which nobody reads is not taken
/// for one that is well, and one that is back is found out.</summary>
internal sealed class CircuitProbe(RedisConnection connection) : IHealthProbe
{
    private const string Consequence = "so reads load from PostgreSQL";
    private const string Remedy = "see whether Redis runs, can be reached and is not overloaded.";

    public async Task<ProbeAnswer> ProbeAsync(CancellationToken cancellationToken)
    {
        if (connection.Session is not { } session)
        {
            // As a read does.
            connection.Start();
            return ProbeAnswer.Degraded(
                $"Redis has not been reached yet, {Consequence}: see whether it runs, and whether address, user and password are right.",
                ("redis", "never_reached"));
        }

        var circuits = new Dictionary<RedisCircuitBreaker, int>();
        for (var partition = 0; partition < session.Breakers.Length; partition++)
        {
            circuits.TryAdd(session.Breakers[partition], partition);
        }

        var answers = await Task.WhenAll(
            circuits.Select(circuit => AskAsync(session, circuit.Key, circuit.Value, cancellationToken))).ConfigureAwait(false);
        var open = circuits.Keys.Count(circuit => circuit.State != CircuitState.Closed || circuit.IsOpen);
        var failure = answers.FirstOrDefault(answer => answer is not null);
        (string, object)[] data =
        [
            ("redis", open > 0 ? "circuit_open" : failure is not null ? "failing" : "up"),
            ("redis.circuits", circuits.Count),
            ("redis.circuits.open", open),
        ];
        return open > 0
            ? ProbeAnswer.Degraded(
                $"{open} of {circuits.Count} circuit(s) of Redis are open{Told(failure)}, {Consequence}: {Remedy}",
                data)
            : failure is not null
                ? ProbeAnswer.Degraded(
                    $"Redis fails calls{Told(failure)}, {Consequence} where it does: {Remedy}", data)
                : ProbeAnswer.Well(data);
    }

    public ProbeAnswer Unanswered(string failure) => ProbeAnswer.Degraded(
        $"Redis does not answer in time{Told(failure)}: {Remedy}", ("redis", "failing"));

    /// <summary>Null where it was answered, or not asked.</summary>
    private static async Task<string?> AskAsync(
        RedisSession session, RedisCircuitBreaker circuit, int partition, CancellationToken cancellationToken)
    {
        // What readers ask for as well, so that a user who may read may do this, and small.
        var answer = await circuit.ExecuteAsync(
            static call => call.session.Database.StringGetAsync(call.session.Layout.Mark(call.partition), CommandFlags.DemandMaster),
            (session, partition),
            cancellationToken).ConfigureAwait(false);
        return answer.IsFailed ? FailureLog.KindOf(answer.Error) : null;
    }

    private static string Told(string? failure) => failure is null ? string.Empty : $" ({failure})";
}
