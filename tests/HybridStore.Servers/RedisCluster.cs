using System.Diagnostics;
using System.Globalization;
using System.Net;
using HybridStore.Servers.Hosting;
using HybridStore.Servers.Local;
using StackExchange.Redis;

namespace HybridStore.Servers;

/// <summary>A Redis Cluster of three masters with a replica each, as processes of this machine wherever other servers are: its nodes
/// tell clients where they listen, which no proxy and no container's published port can.</summary>
public sealed class RedisCluster : IAsyncDisposable
{
    private const int NodeCount = 6;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    private ConnectionMultiplexer? _connection;

    private RedisCluster(IReadOnlyList<RedisServer> nodes) => Nodes = nodes;

    /// <summary>All nodes, whatever they are at the moment.</summary>
    public IReadOnlyList<RedisServer> Nodes { get; }

    /// <summary>How clients connect: all nodes by name.</summary>
    public string ConnectionString => string.Join(',', Nodes.Select(node => node.Address));

    /// <summary>A connection past the stores that may run administrative commands. The cluster owns it.</summary>
    public IConnectionMultiplexer Connection =>
        _connection ?? throw new InvalidOperationException("The cluster has not been started.");

    /// <summary>Starts the nodes and joins them; ends when they agree about all slots and every replica follows its master.</summary>
    /// <exception cref="ServersUnavailableException">Redis is not installed; the message says what to do.</exception>
    public static Task<RedisCluster> StartAsync(CancellationToken cancellationToken = default) =>
        StartAsync(Machine.Current, cancellationToken);

    /// <summary>One node, for commands to it alone.</summary>
    public IServer ServerOf(RedisServer node)
    {
        ArgumentNullException.ThrowIfNull(node);
        return Connection.GetServer(node.Address);
    }

    /// <summary>The running node that holds a slot, as most of the others see it.</summary>
    public async Task<RedisServer> MasterOfAsync(int slot)
    {
        var holders = new List<EndPoint>();
        foreach (var node in Running)
        {
            if ((await ConfigurationOfAsync(node))?.GetBySlot(slot) is { IsReplica: false, EndPoint: { } holder })
            {
                holders.Add(holder);
            }
        }

        var most = holders.GroupBy(holder => holder).OrderByDescending(group => group.Count()).First().Key;
        return Nodes.First(node => node.Address.Equals(most));
    }

    /// <summary>The replica of the running node that holds a slot.</summary>
    public async Task<RedisServer> ReplicaOfAsync(int slot)
    {
        var seen = await ConfigurationOfAsync(await MasterOfAsync(slot))
            ?? throw new InvalidOperationException("The node does not tell who its cluster is.");
        var replica = seen.GetBySlot(slot)!.Children.First();
        return Nodes.First(node => node.Address.Equals(replica.EndPoint));
    }

    /// <summary>Runs one command where its first argument, a key, lives.</summary>
    public Task<RedisResult> RunAsync(params string[] command)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(command.Length, 2, nameof(command));
        return Connection.GetDatabase().ExecuteAsync(command[0], [(RedisKey)command[1], .. command.Skip(2).Cast<object>()]);
    }

    /// <summary>How often the nodes that run have answered with an error, such as CROSSSLOT, since they started.</summary>
    public Task<long> ErrorsAsync(string prefix) => SumAsync("errorstats", $"errorstat_{prefix}", "count=");

    /// <summary>How often a command was called on a node, or on all that run, since they started.</summary>
    public Task<long> CallsAsync(string command, RedisServer? node = null) =>
        SumAsync("commandstats", $"cmdstat_{command}", "calls=", node);

    /// <summary>Ends when all nodes that run see the same masters, each of them serving, and every replica follows its own.</summary>
    public Task WaitUntilAgreedAsync(CancellationToken cancellationToken = default) =>
        UntilAsync(AgreeAsync, "agree about the cluster", cancellationToken);

    /// <summary>Ends when the replicas have everything that their masters had when this was called.</summary>
    public async Task WaitUntilReplicatedAsync(CancellationToken cancellationToken = default)
    {
        var had = new Dictionary<string, long>();
        foreach (var node in Running)
        {
            if (await ReplicationOfAsync(node) is { IsMaster: true } master)
            {
                had.Add(master.History, master.Offset);
            }
        }

        await UntilAsync(() => HaveAsync(had), "have replicated", cancellationToken);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_connection is not null)
        {
            await _connection.DisposeAsync();
        }

        await Task.WhenAll(Nodes.Select(node => node.DisposeAsync().AsTask()));
    }

    internal static async Task<RedisCluster> StartAsync(Machine machine, CancellationToken cancellationToken)
    {
        var (server, client) = (machine.FindProgram("redis-server"), machine.FindProgram("redis-cli"));
        if (server is null || client is null || !OperatingSystem.IsLinux())
        {
            throw new ServersUnavailableException(
                "redis-server and redis-cli are not installed, and the tests start a Redis Cluster of their own. " +
                "Install them on Linux (as root): apt-get install -y redis-server");
        }

        var cluster = new RedisCluster(
        [
            .. Enumerable.Range(0, NodeCount).Select(_ => new RedisServer(
                new LocalClusterNode(server), ServerSource.Local, LocalRedis.ConnectionString)),
        ]);
        try
        {
            await Task.WhenAll(cluster.Nodes.Select(node => node.StartAsync(cancellationToken)));
            await cluster.JoinAsync(client, cancellationToken);
            await cluster.ConnectAsync();
            await cluster.WaitUntilAgreedAsync(cancellationToken);
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    private IEnumerable<RedisServer> Running => Nodes.Where(node => node.State == ServerState.Running);

    private async Task JoinAsync(string client, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo(client) { RedirectStandardOutput = true, RedirectStandardError = true };
        string[] arguments =
            ["--cluster", "create", .. Nodes.Select(node => node.Address.ToString()!), "--cluster-replicas", "1", "--cluster-yes"];
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        using var process = Process.Start(start) ?? throw new InvalidOperationException($"{client} could not be started.");
        var output = process.StandardOutput.ReadToEndAsync(cancellationToken);
        var errors = process.StandardError.ReadToEndAsync(cancellationToken);
        await process.WaitForExitAsync(cancellationToken);
        if (process.ExitCode != 0)
        {
            throw new ServersUnavailableException($"The Redis Cluster could not be created:\n{await output}{await errors}");
        }
    }

    private async Task ConnectAsync()
    {
        var options = ConfigurationOptions.Parse(ConnectionString);
        options.AllowAdmin = true;
        options.AbortOnConnectFail = false;
        _connection = await ConnectionMultiplexer.ConnectAsync(options);
    }

    private async Task<bool> AgreeAsync()
    {
        string? first = null;
        foreach (var node in Running)
        {
            var state = (string?)await ServerOf(node).ExecuteAsync("CLUSTER", "INFO");
            if (state?.Contains("cluster_state:ok", StringComparison.Ordinal) != true || await ConfigurationOfAsync(node) is not { } seen)
            {
                return false;
            }

            var masters = string.Join(' ', seen.Nodes.Where(other => other is { IsReplica: false, Slots.Count: > 0 })
                .OrderBy(other => other.NodeId, StringComparer.Ordinal)
                .Select(other => $"{other.NodeId}:{string.Join(',', other.Slots)}"));
            if (masters != (first ??= masters))
            {
                return false;
            }

            if (await ReplicationOfAsync(node) is { IsMaster: false, IsLinked: false })
            {
                return false;
            }
        }

        return true;
    }

    private async Task<bool> HaveAsync(Dictionary<string, long> offsets)
    {
        foreach (var node in Running)
        {
            // Of one history the offsets are comparable.
            var replication = await ReplicationOfAsync(node);
            if (!offsets.TryGetValue(replication.History, out var offset) || replication.Offset < offset)
            {
                return false;
            }
        }

        return true;
    }

    private async Task<long> SumAsync(string section, string line, string field, RedisServer? only = null)
    {
        var sum = 0L;
        foreach (var node in only is null ? Running : [only])
        {
            // "errorstat_CROSSSLOT:count=1", "cmdstat_get:calls=21,usec=175,..."
            var told = (await ServerOf(node).InfoAsync(section)).SelectMany(group => group).FirstOrDefault(pair => pair.Key == line).Value;
            sum += told is null ? 0 : long.Parse(told[field.Length..].Split(',')[0], CultureInfo.InvariantCulture);
        }

        return sum;
    }

    private async Task<ClusterConfiguration?> ConfigurationOfAsync(RedisServer node) => await ServerOf(node).ClusterNodesAsync();

    private async Task<Replication> ReplicationOfAsync(RedisServer node)
    {
        var told = (await ServerOf(node).InfoAsync("replication")).SelectMany(group => group).ToDictionary(pair => pair.Key, pair => pair.Value);
        return new Replication(
            told["role"] == "master",
            told.GetValueOrDefault("master_link_status") == "up",
            told["master_replid"],
            long.Parse(told["master_repl_offset"], CultureInfo.InvariantCulture));
    }

    private static async Task UntilAsync(Func<Task<bool>> condition, string what, CancellationToken cancellationToken)
    {
        var started = Stopwatch.GetTimestamp();
        while (true)
        {
            Exception? failure = null;
            try
            {
                if (await condition())
                {
                    return;
                }
            }
            catch (Exception error) when (error is RedisException or TimeoutException)
            {
                // A node that has just been started is not connected yet.
                failure = error;
            }

            if (Stopwatch.GetElapsedTime(started) > Patience)
            {
                throw new TimeoutException($"Within {Patience:c} the nodes of the Redis Cluster did not {what}.", failure);
            }

            await Task.Delay(Pause, cancellationToken);
        }
    }

    private sealed record Replication(bool IsMaster, bool IsLinked, string History, long Offset);
}
