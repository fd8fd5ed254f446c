using DotNet.Testcontainers.Configurations;
using HybridStore.Servers.Hosting;
using Microsoft.Extensions.Logging.Abstractions;
using Testcontainers.PostgreSql;
using Testcontainers.Redis;

namespace HybridStore.Servers.Containers;

/// <summary>The containers of the test servers.</summary>
internal static class ContainerServers
{
    public const string PostgresImageVariable = "HYBRIDSTORE_TEST_POSTGRES_IMAGE";
    public const string RedisImageVariable = "HYBRIDSTORE_TEST_REDIS_IMAGE";
    public const string PostgresConnectionString = "Host=127.0.0.1;Username=postgres;Password=postgres;Database=postgres;" +
        "SSL Mode=Disable;GSS Encryption Mode=Disable;Include Error Detail=true";

    private const string DefaultPostgresImage = "postgres:17";
    private const string DefaultRedisImage = "redis:7.4";

    /// <summary>
    /// Nothing on disk, and DEBUG allowed, for which there is a switch from version 7 on only. Without a password Redis
    /// serves its own machine alone, here the container, unless told otherwise; only official images come without that.
    /// </summary>
    private const string RedisScript =
        "case $(redis-server --version) in *v=6.*) ;; *) set -- --enable-debug-command yes \"$@\" ;; esac; " +
        "exec redis-server --save '' --appendonly no --protected-mode no \"$@\"";

    public static ContainerHost Postgres(Machine machine, IEnumerable<string> settings)
    {
        // In place of Testcontainers' own arguments: they would lose commits when the server is killed.
        string[] command = ["postgres", .. settings.SelectMany(setting => (string[])["-c", setting])];
        var container = new PostgreSqlBuilder(machine.Setting(PostgresImageVariable) ?? DefaultPostgresImage)
            .WithDatabase("postgres")
            .WithUsername("postgres")
            .WithPassword("postgres")
            .WithLogger(NullLogger.Instance)
            .WithCommand(new OverwriteEnumerable<string>(command))
            .Build();
        return new ContainerHost(container, PostgreSqlBuilder.PostgreSqlPort, stopSignal: "SIGINT");
    }

    public static ContainerHost Redis(Machine machine, IEnumerable<string> arguments)
    {
        string[] command = ["sh", "-c", RedisScript, "redis", .. arguments];
        var container = new RedisBuilder(machine.Setting(RedisImageVariable) ?? DefaultRedisImage)
            .WithLogger(NullLogger.Instance)
            .WithCommand(new OverwriteEnumerable<string>(command))
            .Build();
        return new ContainerHost(container, RedisBuilder.RedisPort, stopSignal: "SIGTERM");
    }
}
