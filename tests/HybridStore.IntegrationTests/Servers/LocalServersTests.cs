using System.Diagnostics;
using HybridStore.Servers;
using HybridStore.Servers.Hosting;
using HybridStore.Servers.Local;
using static HybridStore.IntegrationTests.Servers.OwnServers;

namespace HybridStore.IntegrationTests.Servers;

/// <summary>Servers that are processes of this machine leave nothing behind.</summary>
public sealed class LocalServersTests
{
    private const string NoBinaries = "Needs PostgreSQL and Redis on this machine: " + ServerChoice.InstallCommand;
    private static readonly TestServersOptions Local = new() { Source = ServerSource.Local };

    /// <summary>False only where Docker is there instead: tests/run.sh installs them everywhere else.</summary>
    public static bool HasBinaries =>
        Machine.Current.FindPostgresBinaries() is not null && Machine.Current.FindProgram("redis-server") is not null;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact(Skip = NoBinaries, SkipUnless = nameof(HasBinaries))]
    public async Task Disposal_ends_the_processes_and_removes_their_folders()
    {
        var servers = await TestServers.StartAsync(Local, Cancellation);
        var (processes, folders) = await TracesAsync(servers.Postgres.DirectConnectionString, servers.Redis.DirectConnectionString);
        await servers.DisposeAsync();
        Assert.DoesNotContain(processes, PosixSignals.IsAlive);
        Assert.DoesNotContain(folders, Directory.Exists);
    }

    [Fact(Skip = NoBinaries, SkipUnless = nameof(HasBinaries))]
    public async Task Disposal_ends_paused_servers_too()
    {
        var servers = await TestServers.StartAsync(Local, Cancellation);
        var (processes, folders) = await TracesAsync(servers.Postgres.DirectConnectionString, servers.Redis.DirectConnectionString);
        await Task.WhenAll(servers.Postgres.PauseAsync(Cancellation), servers.Redis.PauseAsync(Cancellation));
        await servers.DisposeAsync();
        Assert.DoesNotContain(processes, PosixSignals.IsAlive);
        Assert.DoesNotContain(folders, Directory.Exists);
    }

    [Theory(Skip = NoBinaries, SkipUnless = nameof(HasBinaries))]
    [InlineData(PosixSignals.Kill)]
    [InlineData(PosixSignals.Terminate)]
    public async Task A_process_that_ends_takes_its_servers_with_it(int signal)
    {
        using var owner = StartServersInAProcess();
        IReadOnlyList<int> processes;
        string[] folders;
        try
        {
            (processes, folders) = await TracesAsync(await ReadSettingAsync(owner), await ReadSettingAsync(owner));
            Assert.True(processes.Count > 2);
        }
        finally
        {
            PosixSignals.Send(owner.Id, signal);
            await owner.WaitForExitAsync(Cancellation);
        }

        // A killed process cannot wait for its watchdog to be done.
        await UntilAsync(() => Task.FromResult(!processes.Any(PosixSignals.IsAlive) && !folders.Any(Directory.Exists)));
        Assert.DoesNotContain(processes, PosixSignals.IsAlive);
    }

    [Fact(Skip = NoBinaries, SkipUnless = nameof(HasBinaries))]
    public async Task A_failed_start_shows_the_end_of_the_servers_log_and_leaves_nothing()
    {
        var options = Local with { PostgresSettings = new Dictionary<string, string> { ["no_such_setting"] = "1" } };
        var exception = await Assert.ThrowsAsync<ServersUnavailableException>(() => TestServers.StartAsync(options, Cancellation));
        Assert.Contains("The PostgreSQL server does not serve", exception.Message, StringComparison.Ordinal);
        Assert.Contains("unrecognized configuration parameter \"no_such_setting\"", exception.Message, StringComparison.Ordinal);
    }

    [Fact(Skip = NoBinaries, SkipUnless = nameof(HasBinaries))]
    public async Task Settings_and_arguments_reach_the_servers()
    {
        var options = Local with
        {
            Fsync = true,
            PostgresSettings = new Dictionary<string, string> { ["work_mem"] = "5MB" },
            RedisArguments = ["--maxmemory", "16mb"],
        };
        await using var servers = await TestServers.StartAsync(options, Cancellation);
        Assert.Equal("on", await QueryAsync(servers.Postgres.ConnectionString, "show fsync"));
        Assert.Equal("5MB", await QueryAsync(servers.Postgres.ConnectionString, "show work_mem"));
        Assert.Equal("16777216", (string?)(await servers.Redis.RunAsync("CONFIG", "GET", "maxmemory"))[1]);
    }

    [Fact(Skip = NoBinaries, SkipUnless = nameof(HasBinaries))]
    public async Task Kill_ends_every_process_of_the_server()
    {
        await using var servers = await TestServers.StartAsync(Local, Cancellation);
        var (processes, folders) = await TracesAsync(servers.Postgres.DirectConnectionString, servers.Redis.DirectConnectionString);
        await Task.WhenAll(servers.Postgres.KillAsync(Cancellation), servers.Redis.KillAsync(Cancellation));
        Assert.DoesNotContain(processes, PosixSignals.IsAlive);
        Assert.All(folders, folder => Assert.True(Directory.Exists(folder)));
    }

    /// <summary>The servers' processes and folders, as the servers themselves name them.</summary>
    private static async Task<(IReadOnlyList<int> Processes, string[] Folders)> TracesAsync(string postgres, string redis)
    {
        var data = (string)(await QueryAsync(postgres, "show data_directory"))!;
        var postmaster = int.Parse(
            (await File.ReadAllLinesAsync(Path.Combine(data, "postmaster.pid"), Cancellation))[0], null);
        await using var client = await ConnectAsync(redis + ",allowAdmin=true");
        var database = client.GetDatabase();
        var info = (string)(await database.ExecuteAsync("INFO", "server"))!;
        var redisProcess = int.Parse(info.Split("process_id:")[1].Split('\r')[0], null);
        var folder = (string)(await database.ExecuteAsync("CONFIG", "GET", "dir"))[1]!;
        return ([.. PosixSignals.Tree(postmaster), redisProcess], [Path.GetDirectoryName(data)!, folder]);
    }

    private static Process StartServersInAProcess()
    {
        var start = new ProcessStartInfo("dotnet", [typeof(TestServers).Assembly.Location]) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["HYBRIDSTORE_TEST_SERVERS"] = "local";
        return Process.Start(start) ?? throw new InvalidOperationException("dotnet could not be started.");
    }

    private static async Task<string> ReadSettingAsync(Process owner)
    {
        var line = await owner.StandardOutput.ReadLineAsync(Cancellation);
        Assert.NotNull(line);
        return line.Split('\'')[1];
    }
}
