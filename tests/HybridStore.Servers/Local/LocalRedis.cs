using System.Globalization;

namespace HybridStore.Servers.Local;

/// <summary>Redis from the binary on this machine; it keeps nothing on disk.</summary>
internal class LocalRedis : LocalHost
{
    public const string ConnectionString = "127.0.0.1";

    private readonly string _binary;
    private readonly IReadOnlyList<string> _arguments;
    private bool _hasDebugSwitch;

    public LocalRedis(string binary, IReadOnlyList<string> arguments)
        : base("redis", endSignal: "KILL")
    {
        _binary = binary;
        _arguments = arguments;
    }

    protected override int StopSignal => PosixSignals.Terminate;

    protected override async Task PrepareAsync(ServerFolder folder, CancellationToken cancellationToken)
    {
        await RunAsync([_binary, "--version"], cancellationToken);

        // From version 7 on DEBUG has to be allowed; older ones do not know the switch and would not start.
        _hasDebugSwitch = !(await folder.ReadLogTailAsync(cancellationToken)).Contains(" v=6.", StringComparison.Ordinal);
    }

    protected override IEnumerable<string> Command(ServerFolder folder, int port) =>
    [
        _binary, "--bind", "127.0.0.1", "--port", port.ToString(CultureInfo.InvariantCulture), "--dir", folder.FullName,
        "--save", string.Empty, "--appendonly", "no", .. (string[])(_hasDebugSwitch ? ["--enable-debug-command", "yes"] : []),
        .. _arguments,
    ];
}
