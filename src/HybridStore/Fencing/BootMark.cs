using System.Globalization;

namespace HybridStore.Fencing;

/// <summary>
/// Tells whether two transaction ids are of one and the same count. A database that recovers from a crash hands out again the ids that had
/// not reached its disk, and so does one that is promoted or restored: an id then means another write than it did.
/// </summary>
/// <remarks>It is the time at which the server's statistics began, to the microsecond: PostgreSQL throws them away when it recovers, keeps
/// them over a clean restart, and each server has its own. Reading it costs a microsecond and needs no right and no table.</remarks>
/// <param name="Value">Microseconds since the Unix epoch; null where it is not known, or says nothing as on a standby.</param>
internal readonly record struct BootMark(long? Value)
{
    /// <summary>An SQL expression for what <see cref="Of"/> takes. No arithmetic: planning it costs more than all the rest of a stamp.</summary>
    public const string Sql = "pg_stat_get_bgwriter_stat_reset_time()";

    public static BootMark Unknown => default;

    /// <param name="statisticsBegan">Null where the server does not tell. In local time where an application has asked Npgsql for that.</param>
    /// <param name="inRecovery">Whether it is a standby: of its snapshot only that counts which has reached it from the primary's
    /// disk.</param>
    public static BootMark Of(DateTime? statisticsBegan, bool inRecovery) => statisticsBegan is { } began && !inRecovery
        ? new BootMark(PostgresTime.MicrosecondsOf(began))
        : Unknown;

    /// <summary>As scripts compare it; empty if it is not known.</summary>
    public string Text => Value?.ToString(CultureInfo.InvariantCulture) ?? "";
}
