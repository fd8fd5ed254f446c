namespace HybridStore.Reading;

/// <summary>Why a read is answered with a value past its expiry.</summary>
internal enum StaleReason
{
    /// <summary>The load has failed.</summary>
    Failed,

    /// <summary>The load took longer than the hard time-out.</summary>
    TimedOut,

    /// <summary>The load takes longer than the soft time-out, and goes on.</summary>
    Slow,
}
