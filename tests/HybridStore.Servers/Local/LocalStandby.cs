using System.Globalization;
using Npgsql;

namespace HybridStore.Servers.Local;

/// <summary>A standby that follows another server by streaming replication, from the binaries on this machine.</summary>
internal sealed class LocalStandby(string binaries, IReadOnlyList<string> settings, NpgsqlConnectionStringBuilder primary)
    : LocalPostgres(binaries, settings)
{
    protected override IEnumerable<string> Creation(string binaries, string data) =>
    [
        Path.Combine(binaries, "pg_basebackup"), "-h", primary.Host!, "-p", primary.Port.ToString(CultureInfo.InvariantCulture),
        "-U", primary.Username!, "-D", data, "-R", "-X", "stream", "-c", "fast", "--no-sync",
    ];
}
