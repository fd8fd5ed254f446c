namespace HybridStore;

/// <summary>The state of the circuit breaker between a store and the part of Redis where a key belongs.</summary>
public enum RedisCircuit
{
    /// <summary>Redis is asked.</summary>
    Closed = 0,

    /// <summary>Redis did not serve and is not asked: reads go to PostgreSQL.</summary>
    Open = 1,

    /// <summary>The break is over: the next read finds out whether Redis serves.</summary>
    HalfOpen = 2,
}
