namespace HybridStore.Fencing;

/// <summary>PostgreSQL's times as it counts them: in microseconds, here since the Unix epoch.</summary>
internal static class PostgresTime
{
    /// <param name="time">A <c>timestamptz</c>; in local time where an application has asked Npgsql for that.</param>
    public static long MicrosecondsOf(DateTime time) => (time.ToUniversalTime() - DateTime.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;
}
