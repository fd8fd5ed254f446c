namespace HybridStore.Diagnostics.Watching;

/// <summary>What the servers have told lately: who is silent for some intervals is forgotten. One caller writes; any thread may read.</summary>
internal sealed class ServerReports(TimeSpan interval, TimeProvider timeProvider)
{
    // One that is missed now and then leaves no gap.
    private const int Intervals = 3;

    private readonly TimeSpan _freshFor = interval * Intervals;
    private volatile IReadOnlyList<ServerReport> _reports = [];

    public IEnumerable<ServerReport> Fresh => _reports.Where(IsFresh);

    /// <summary>Puts what was told now in the place of what the same servers have told before.</summary>
    public void Add(IReadOnlyList<ServerReport> told)
    {
        var servers = told.Select(report => report.EndPoint).ToHashSet();
        _reports = [.. told, .. Fresh.Where(report => !servers.Contains(report.EndPoint))];
    }

    public void Clear() => _reports = [];

    private bool IsFresh(ServerReport report) => timeProvider.GetElapsedTime(report.ToldAt) <= _freshFor;
}
