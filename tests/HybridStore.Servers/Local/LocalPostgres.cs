using System.Globalization;

namespace HybridStore.Servers.Local;

/// <summary>PostgreSQL from the binaries on this machine.</summary>
internal class LocalPostgres : LocalHost
{
    public const string ConnectionString = "Host=127.0.0.1;Username=postgres;Database=postgres;" +
        "SSL Mode=Disable;GSS Encryption Mode=Disable;Include Error Detail=true";

    private readonly string _binaries;
    private readonly IReadOnlyList<string> _settings;
    private readonly string[] _asServerUser;

    public LocalPostgres(string binaries, IReadOnlyList<string> settings)
        : base("postgres", endSignal: "QUIT")
    {
        _binaries = binaries;
        _settings = settings;

        _asServerUser = ServerUser.Prefix;
    }

    /// <summary>"Fast shutdown": sessions are ended, the data is written out.</summary>
    protected override int StopSignal => PosixSignals.Interrupt;

    protected override async Task PrepareAsync(ServerFolder folder, CancellationToken cancellationToken)
    {
        if (_asServerUser.Length > 0)
        {
            await RunAsync(["chown", "postgres", folder.FullName], cancellationToken);
        }

        await RunAsync([.. _asServerUser, .. Creation(_binaries, Data(folder))], cancellationToken);
    }

    /// <summary>The command that fills the folder of the data.</summary>
    protected virtual IEnumerable<string> Creation(string binaries, string data) =>
        [Path.Combine(binaries, "initdb"), "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"];

    protected override IEnumerable<string> Command(ServerFolder folder, int port) =>
    [
        .. _asServerUser, Path.Combine(_binaries, "postgres"), "-D", Data(folder), "-k", folder.FullName,
        "-c", "listen_addresses=127.0.0.1", "-p", port.ToString(CultureInfo.InvariantCulture),
        .. _settings.SelectMany(setting => (string[])["-c", setting]),
    ];

    private static string Data(ServerFolder folder) => Path.Combine(folder.FullName, "data");
}
