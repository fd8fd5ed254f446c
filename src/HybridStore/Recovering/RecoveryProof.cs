namespace HybridStore.Recovering;

/// <summary>Why a partition may be read again.</summary>
internal enum RecoveryProof
{
    /// <summary>Its applied mark covers what had been committed when Redis came back.</summary>
    Covered,

    /// <summary>Its generation was raised since: nothing is read there that was there then.</summary>
    Raised,
}
