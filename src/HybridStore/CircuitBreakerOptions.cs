namespace HybridStore;

/// <summary>
/// When calls to Redis stop for a while because Redis does not serve them. While the circuit is open, reads go to
/// PostgreSQL without a call to Redis, and invalidations wait in their queue.
/// </summary>
/// <remarks>
/// Connection failures, time-outs and the answers of a server that cannot serve (<c>LOADING</c>, <c>CLUSTERDOWN</c> and
/// their like) count as failures. Other error answers do not, nor does a caller's cancellation. Any answer of the
/// server starts the count again, and failures of calls that were in flight together count once.
/// </remarks>
public sealed class CircuitBreakerOptions
{
    internal const int MinimumFailureThreshold = 1;
    internal const int MaximumFailureThreshold = 1000;

    internal static readonly TimeSpan MinimumFailureWindow = TimeSpan.FromMilliseconds(1);
    internal static readonly TimeSpan MaximumFailureWindow = TimeSpan.FromDays(1);

    /// <summary>The shortest and longest break that Polly's circuit breaker accepts.</summary>
    internal static readonly TimeSpan MinimumBreakDuration = TimeSpan.FromSeconds(0.5);
    internal static readonly TimeSpan MaximumBreakDuration = TimeSpan.FromDays(1);

    /// <summary>
    /// How many failures in a row, with no answer of the server between them, open the circuit. From 1 to 1,000; 3 by
    /// default.
    /// </summary>
    public int FailureThreshold { get; set; } = 3;

    /// <summary>
    /// The longest time from the first to the last of those failures; failures spread wider do not open the circuit.
    /// From 1 millisecond to 1 day; 10 seconds by default.
    /// </summary>
    public TimeSpan FailureWindow { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// How long the circuit stays open before one call is let through as a probe: if the server answers it, the circuit
    /// closes, otherwise it stays open for as long again. From 0.5 seconds to 1 day; 30 seconds by default.
    /// </summary>
    public TimeSpan BreakDuration { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>The rules that these options break, each with its remedy; nothing when all is well.</summary>
    internal IEnumerable<string> Validate()
    {
        if (FailureThreshold is < MinimumFailureThreshold or > MaximumFailureThreshold)
        {
            yield return $"CircuitBreaker.FailureThreshold must be from {MinimumFailureThreshold} to {MaximumFailureThreshold} "
                + $"failures, but is {FailureThreshold}. Set it to the number of failures in a row that open the circuit "
                + "(the default is 3).";
        }

        if (FailureWindow < MinimumFailureWindow || FailureWindow > MaximumFailureWindow)
        {
            yield return $"CircuitBreaker.FailureWindow must be from {MinimumFailureWindow:c} to {MaximumFailureWindow:c}, "
                + $"but is {FailureWindow:c}. Set it to the time within which the failures must fall "
                + "(the default is 00:00:10).";
        }

        if (BreakDuration < MinimumBreakDuration || BreakDuration > MaximumBreakDuration)
        {
            yield return $"CircuitBreaker.BreakDuration must be from {MinimumBreakDuration:c} to {MaximumBreakDuration:c}, "
                + $"but is {BreakDuration:c}. Set it to the time without calls to Redis before one is tried again "
                + "(the default is 00:00:30).";
        }
    }
}
