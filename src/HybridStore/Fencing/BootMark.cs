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
    /// <summary>An SQL expression for the mark, null on a standby: of a standby's snapshot only that counts which has reached it from the
    /// primary's disk.</summary>
    public const string Sql =
        "CASE WHEN pg_is_in_recovery() THEN NULL"
        + " ELSE (extract(epoch FROM pg_stat_get_bgwriter_stat_reset_time()) * 1000000)::bigint END";

    public static BootMark Unknown => default;

    /// <summary>As scripts compare it; empty if it is not known.</summary>
    public string Text => Value?.ToString(CultureInfo.InvariantCulture) ?? "";
}
