using System.Net;
using HybridStore.Servers.Containers;
using HybridStore.Servers.Local;
using Npgsql;
using StackExchange.Redis;

namespace HybridStore.Servers.Hosting;

/// <summary>Decides where the servers come from.</summary>
internal static class ServerChoice
{
    public const string SourceVariable = "HYBRIDSTORE_TEST_SERVERS";
    public const string PostgresVariable = "HYBRIDSTORE_TEST_POSTGRES";
    public const string RedisVariable = "HYBRIDSTORE_TEST_REDIS";
    public const string InstallCommand = "apt-get install -y postgresql redis-server";

    private const int DefaultPostgresPort = 5432;
    private const int DefaultRedisPort = 6379;

    public static async Task<(ServerSource Source, PostgresServer Postgres, RedisServer Redis)> MakeAsync(
        TestServersOptions options, Machine machine, CancellationToken cancellationToken)
    {
        var source = options.Source ?? await ChooseAsync(machine, cancellationToken);
        if (options.Controllable && options.Source is null && source == ServerSource.Environment)
        {
            source = await ContainersOrLocalAsync(machine, cancellationToken);
        }

        return source switch
        {
            ServerSource.Environment => FromEnvironment(machine),
            ServerSource.Containers => await FromContainersAsync(options, machine, cancellationToken),
            ServerSource.Local => FromLocalBinaries(options, machine),
            _ => throw new ArgumentOutOfRangeException(nameof(options), source, "Source is Environment, Containers or Local."),
        };
    }

    /// <summary>Where servers come from on this machine if nobody says otherwise.</summary>
    public static async Task<ServerSource> ChooseAsync(Machine machine, CancellationToken cancellationToken) =>
        Forced(machine) ?? await FirstAvailableAsync(machine, cancellationToken);

    private static ServerSource? Forced(Machine machine) => machine.Setting(SourceVariable)?.ToLowerInvariant() switch
    {
        null => null,
        "environment" => ServerSource.Environment,
        "containers" => ServerSource.Containers,
        "local" => ServerSource.Local,
        var other => throw new ServersUnavailableException(
            $"{SourceVariable} is \"{Shorten(other)}\"; set it to environment, containers or local, or unset it."),
    };

    private static async Task<ServerSource> FirstAvailableAsync(Machine machine, CancellationToken cancellationToken)
    {
        // One of the two alone is a mistake that must not end in other servers than those meant.
        if (machine.Setting(PostgresVariable) is not null || machine.Setting(RedisVariable) is not null)
        {
            return ServerSource.Environment;
        }

        return await ContainersOrLocalAsync(machine, cancellationToken);
    }

    private static async Task<ServerSource> ContainersOrLocalAsync(Machine machine, CancellationToken cancellationToken) =>
        await DockerEngine.WhyUnavailableAsync(machine, cancellationToken) is null ? ServerSource.Containers : ServerSource.Local;

    private static (ServerSource, PostgresServer, RedisServer) FromEnvironment(Machine machine)
    {
        var postgres = Required(machine, PostgresVariable, "Host=127.0.0.1;Port=5432;Username=postgres;Password=postgres");
        var redis = Required(machine, RedisVariable, "127.0.0.1:6379");
        return (
            ServerSource.Environment,
            new PostgresServer(new EnvironmentHost(PostgresEndpoint(postgres), PostgresVariable), ServerSource.Environment, postgres),
            new RedisServer(new EnvironmentHost(RedisEndpoint(redis), RedisVariable), ServerSource.Environment, redis));
    }

    private static async Task<(ServerSource, PostgresServer, RedisServer)> FromContainersAsync(
        TestServersOptions options, Machine machine, CancellationToken cancellationToken)
    {
        if (await DockerEngine.WhyUnavailableAsync(machine, cancellationToken) is { } reason)
        {
            throw new ServersUnavailableException(
                $"Containers were asked for, and {reason} Start the Docker engine, point DOCKER_HOST at it, or unset {SourceVariable}.");
        }

        return (
            ServerSource.Containers,
            new PostgresServer(
                ContainerServers.Postgres(machine, PostgresSettings(options)), ServerSource.Containers, ContainerServers.PostgresConnectionString),
            new RedisServer(
                ContainerServers.Redis(machine, options.RedisArguments), ServerSource.Containers, LocalRedis.ConnectionString));
    }

    private static (ServerSource, PostgresServer, RedisServer) FromLocalBinaries(TestServersOptions options, Machine machine)
    {
        var postgres = machine.FindPostgresBinaries();
        var redis = machine.FindProgram("redis-server");
        var missing = (postgres, redis) switch
        {
            (null, null) => "PostgreSQL's server binaries and redis-server are",
            (null, _) => "PostgreSQL's server binaries (initdb, postgres) are",
            (_, null) => "redis-server is",
            _ => null,
        };
        if (missing is not null)
        {
            throw new ServersUnavailableException(
                $"{missing} not installed, and no Docker engine is used. Install them (as root): {InstallCommand} " +
                $"- or start Docker, or name running servers in {PostgresVariable} and {RedisVariable}.");
        }

        if (!OperatingSystem.IsLinux())
        {
            throw new ServersUnavailableException(
                $"Servers from local binaries need Linux. Start Docker, or name running servers in {PostgresVariable} and {RedisVariable}.");
        }

        return (
            ServerSource.Local,
            new PostgresServer(new LocalPostgres(postgres!, PostgresSettings(options)), ServerSource.Local, LocalPostgres.ConnectionString),
            new RedisServer(new LocalRedis(redis!, options.RedisArguments), ServerSource.Local, LocalRedis.ConnectionString));
    }

    /// <summary>Logical replication is possible, and there is room for the pools of many tests.</summary>
    private static List<string> PostgresSettings(TestServersOptions options) =>
    [
        "wal_level=logical", "max_connections=200", $"fsync={(options.Fsync ? "on" : "off")}",
        .. options.PostgresSettings.Select(setting => $"{setting.Key}={setting.Value}"),
    ];

    private static string Required(Machine machine, string variable, string example) =>
        machine.Setting(variable) ?? throw new ServersUnavailableException(
            $"{variable} is not set, and servers from the environment need both {PostgresVariable} and {RedisVariable}. " +
            $"Set it to a connection string such as \"{example}\".");

    private static EndPoint PostgresEndpoint(string connectionString)
    {
        NpgsqlConnectionStringBuilder parsed;
        try
        {
            parsed = new NpgsqlConnectionStringBuilder(connectionString);
        }
        catch (ArgumentException exception)
        {
            throw new ServersUnavailableException($"{PostgresVariable} is not an Npgsql connection string: {exception.Message}", exception);
        }

        if (string.IsNullOrEmpty(parsed.Host) || parsed.Host.Contains(',', StringComparison.Ordinal) || parsed.Host.StartsWith('/'))
        {
            throw new ServersUnavailableException($"{PostgresVariable} must name exactly one host that is reached over TCP.");
        }

        return Endpoint(parsed.Host, parsed.Port == 0 ? DefaultPostgresPort : parsed.Port);
    }

    private static EndPoint RedisEndpoint(string connectionString)
    {
        ConfigurationOptions parsed;
        try
        {
            parsed = ConfigurationOptions.Parse(connectionString);
        }
        catch (ArgumentException exception)
        {
            throw new ServersUnavailableException($"{RedisVariable} is not a StackExchange.Redis connection string: {exception.Message}", exception);
        }

        parsed.SetDefaultPorts();
        return parsed.EndPoints.Count == 1
            ? parsed.EndPoints[0] switch
            {
                DnsEndPoint name => Endpoint(name.Host, name.Port == 0 ? DefaultRedisPort : name.Port),
                var endpoint => endpoint,
            }
            : throw new ServersUnavailableException($"{RedisVariable} must name exactly one host and port.");
    }

    private static EndPoint Endpoint(string host, int port) =>
        IPAddress.TryParse(host, out var address) ? new IPEndPoint(address, port) : new DnsEndPoint(host, port);

    private static string Shorten(string value) => value.Length <= 16 ? value : value[..16];
}
