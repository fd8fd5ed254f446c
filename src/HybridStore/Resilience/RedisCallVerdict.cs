namespace HybridStore.Resilience;

/// <summary>What the outcome of one call says about the server.</summary>
internal enum RedisCallVerdict
{
    /// <summary>The server served the call, or answered with an error that is about this call alone.</summary>
    Answered,

    /// <summary>The server could not be reached, did not answer in time, or answered that it serves nobody now.</summary>
    Unavailable,

    /// <summary>The call ended on this side. It is neither a failure of the server nor proof that it is there.</summary>
    Inconclusive,
}
