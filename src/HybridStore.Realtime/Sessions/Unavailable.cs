using HybridStore.Resilience;

namespace HybridStore.Realtime.Sessions;

/// <summary>Says why sessions cannot be had.</summary>
internal static class Unavailable
{
    public static T ThrowUnlessAnswered<T>(RedisCallResult<T> result) =>
        result.TryGetValue(out var value) ? value : throw Redis(result.Error);

    /// <param name="error">Null: the circuit is open.</param>
    public static SessionStoreUnavailableException Redis(Exception? error) => new(
        error is null
            ? "Redis, which has the sessions, was not reached yet or its circuit is open: it did not answer several times in a row, and is asked "
                + "again when CircuitBreaker.BreakDuration is over. Try again then."
            : "Redis, which has the sessions, has failed or did not answer within RedisTimeout. Try again.",
        error);

    public static SessionStoreUnavailableException Copy(Exception error) => new(
        "The copy of the sessions in PostgreSQL is needed for this, and PostgreSQL has failed or did not answer in time. Try again.", error);

    public static SessionStoreUnavailableException TooManyLookups() => new(
        "More sessions were looked for in the copy than CopyLookupsPerSecond allows: Redis does not have them, or is away. Try again, or raise it "
        + "if PostgreSQL can bear more.");
}
