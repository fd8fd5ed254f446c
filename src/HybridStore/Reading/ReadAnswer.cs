namespace HybridStore.Reading;

/// <summary>What a read past a miss is answered with.</summary>
/// <param name="Value">The value.</param>
/// <param name="IsStale">Whether it is past its expiry.</param>
internal readonly record struct ReadAnswer<T>(T Value, bool IsStale);
