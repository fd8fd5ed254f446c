using System.Net;
using System.Net.Sockets;
using HybridStore.Servers;
using HybridStore.Servers.Hosting;
using static HybridStore.IntegrationTests.Servers.OwnServers;

namespace HybridStore.IntegrationTests.Servers;

/// <summary>Where servers are taken from, and what is said when there are none.</summary>
public sealed class ServerSourceTests(ServersFixture servers)
{
    private const string NoDocker = "unix:///nowhere/docker.sock";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Connection_strings_from_the_environment_come_first()
    {
        await using var environment = await StartAsync(Named());
        Assert.Equal(ServerSource.Environment, environment.Source);
        Assert.Equal(15, await QueryAsync(environment.Postgres.ConnectionString, "select 15"));
        Assert.Equal("PONG", (string?)await environment.Redis.RunAsync("PING"));
        await using var client = await ConnectAsync(environment.Redis.ConnectionString);
        Assert.True(client.IsConnected);
        Assert.NotEqual(servers.Redis.ConnectionString, environment.Redis.ConnectionString);
    }

    [Fact]
    public async Task Servers_from_the_environment_cannot_be_controlled_but_their_network_can()
    {
        await using var environment = await StartAsync(Named());
        foreach (var server in (TestServer[])[environment.Postgres, environment.Redis])
        {
            foreach (var operation in (Func<CancellationToken, Task>[])
                [server.StopAsync, server.KillAsync, server.PauseAsync, server.ResumeAsync, server.RestartAsync])
            {
                var exception = await Assert.ThrowsAsync<NotSupportedException>(() => operation(Cancellation));
                Assert.Contains("HYBRIDSTORE_TEST_SERVERS=local", exception.Message, StringComparison.Ordinal);
            }

            Assert.Equal(ServerState.Running, server.State);
            server.Proxy.Cut();
            using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
            await Assert.ThrowsAsync<SocketException>(async () => await socket.ConnectAsync(server.Proxy.Endpoint, Cancellation));
        }

        Assert.Equal("PONG", (string?)await environment.Redis.RunAsync("PING"));
    }

    [Fact]
    public async Task Databases_on_somebody_elses_server_are_dropped_in_the_end()
    {
        var environment = await StartAsync(Named());
        var database = await environment.Postgres.CreateDatabaseAsync(Cancellation);
        var name = new Npgsql.NpgsqlConnectionStringBuilder(database).Database;
        var count = $"select count(*) from pg_database where datname = '{name}'";
        Assert.Equal(1L, await QueryAsync(servers.Postgres.DirectConnectionString, count));
        await environment.DisposeAsync();
        Assert.Equal(0L, await QueryAsync(servers.Postgres.DirectConnectionString, count));
    }

    [Fact]
    public async Task Who_wants_to_control_servers_does_not_get_those_of_the_environment()
    {
        // Neither Docker nor binaries here: that they are asked for shows that the environment was passed over.
        var exception = await Assert.ThrowsAsync<ServersUnavailableException>(() => TestServers.StartAsync(
            new TestServersOptions { Controllable = true }, Named() with { PostgresVersionsFolder = "/nowhere" }, Cancellation));
        Assert.Contains("apt-get install -y postgresql redis-server", exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("HYBRIDSTORE_TEST_POSTGRES", "HYBRIDSTORE_TEST_REDIS")]
    [InlineData("HYBRIDSTORE_TEST_REDIS", "HYBRIDSTORE_TEST_POSTGRES")]
    public async Task One_connection_string_without_the_other_is_an_error(string given, string missing)
    {
        var exception = await UnavailableAsync(WithVariables((given, "127.0.0.1")));
        Assert.Contains($"{missing} is not set", exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Host=", "127.0.0.1", "HYBRIDSTORE_TEST_POSTGRES")]
    [InlineData("Host=a,b", "127.0.0.1", "HYBRIDSTORE_TEST_POSTGRES")]
    [InlineData("Colour=blue", "127.0.0.1", "HYBRIDSTORE_TEST_POSTGRES")]
    [InlineData("Host=127.0.0.1", "a:1,b:2", "HYBRIDSTORE_TEST_REDIS")]
    [InlineData("Host=127.0.0.1", "a:1,colour=blue", "HYBRIDSTORE_TEST_REDIS")]
    public async Task A_bad_connection_string_is_named(string postgres, string redis, string culprit)
    {
        var exception = await UnavailableAsync(
            WithVariables(("HYBRIDSTORE_TEST_POSTGRES", postgres), ("HYBRIDSTORE_TEST_REDIS", redis)));
        Assert.StartsWith(culprit, exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_from_the_environment_that_does_not_serve_fails_at_once()
    {
        using var placeholder = new TcpListener(IPAddress.Loopback, 0);
        placeholder.Start();
        var port = ((IPEndPoint)placeholder.LocalEndpoint).Port;
        placeholder.Stop();
        var exception = await UnavailableAsync(
            WithVariables(
                ("HYBRIDSTORE_TEST_POSTGRES", servers.Postgres.DirectConnectionString),
                ("HYBRIDSTORE_TEST_REDIS", $"127.0.0.1:{port}")));
        Assert.Contains("The Redis server does not serve", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Forcing_the_environment_without_connection_strings_says_what_to_set()
    {
        var exception = await UnavailableAsync(WithVariables(("HYBRIDSTORE_TEST_SERVERS", "environment")));
        Assert.Contains("HYBRIDSTORE_TEST_POSTGRES is not set", exception.Message, StringComparison.Ordinal);
        Assert.Contains("Host=127.0.0.1;Port=5432", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Forcing_containers_without_an_engine_says_so()
    {
        var exception = await UnavailableAsync(WithVariables(("HYBRIDSTORE_TEST_SERVERS", "containers")));
        Assert.Contains($"no Docker engine answers at {NoDocker}", exception.Message, StringComparison.Ordinal);
        Assert.Contains("DOCKER_HOST", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_engine_that_accepts_and_never_answers_does_not_hold_anyone_up()
    {
        var path = Path.Combine(Path.GetTempPath(), $"hybridstore-silent-{Guid.NewGuid():N}.sock");
        using var silent = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        silent.Bind(new UnixDomainSocketEndPoint(path));
        silent.Listen();
        try
        {
            var machine = WithVariables(("HYBRIDSTORE_TEST_SERVERS", "containers"), ("DOCKER_HOST", $"unix://{path}"));
            var exception = await UnavailableAsync(machine).WaitAsync(TimeSpan.FromSeconds(10), Cancellation);
            Assert.Contains("no Docker engine answers", exception.Message, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public async Task An_unknown_source_is_refused_with_those_that_exist()
    {
        var exception = await UnavailableAsync(WithVariables(("HYBRIDSTORE_TEST_SERVERS", "somewhere-in-the-cloud")));
        Assert.Equal(
            "HYBRIDSTORE_TEST_SERVERS is \"somewhere-in-the\"; set it to environment, containers or local, or unset it.",
            exception.Message);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("local")]
    public async Task Missing_binaries_are_answered_with_the_command_that_installs_them(string? forced)
    {
        var machine = WithVariables(("PATH", "/nowhere"), ("HYBRIDSTORE_TEST_SERVERS", forced ?? string.Empty));
        var exception = await UnavailableAsync(machine with { PostgresVersionsFolder = "/nowhere" });
        Assert.StartsWith("PostgreSQL's server binaries and redis-server are not installed", exception.Message, StringComparison.Ordinal);
        Assert.Contains("apt-get install -y postgresql redis-server", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_newest_packaged_PostgreSQL_is_taken()
    {
        var root = Directory.CreateTempSubdirectory("hybridstore-versions-").FullName;
        try
        {
            foreach (var program in (string[])["9.6/bin/postgres", "9.6/bin/initdb", "15/bin/postgres", "15/bin/initdb", "17/bin/psql"])
            {
                var path = Path.Combine(root, program);
                Directory.CreateDirectory(Path.GetDirectoryName(path)!);
                await File.WriteAllTextAsync(path, string.Empty, Cancellation);
            }

            Assert.Equal(Path.Combine(root, "15/bin"), new Machine { PostgresVersionsFolder = root }.FindPostgresBinaries());
        }
        finally
        {
            Directory.Delete(root, recursive: true);
        }
    }

    private static Task<ServersUnavailableException> UnavailableAsync(Machine machine) =>
        Assert.ThrowsAsync<ServersUnavailableException>(async () => await (await StartAsync(machine)).DisposeAsync());

    private static Task<TestServers> StartAsync(Machine machine) =>
        TestServers.StartAsync(new TestServersOptions(), machine, Cancellation);

    private Machine Named() => WithVariables(
        ("HYBRIDSTORE_TEST_POSTGRES", servers.Postgres.DirectConnectionString),
        ("HYBRIDSTORE_TEST_REDIS", servers.Redis.DirectConnectionString));

    /// <summary>A machine with these variables alone, and without Docker unless they say otherwise.</summary>
    private static Machine WithVariables(params (string Name, string Value)[] variables)
    {
        var settings = new Dictionary<string, string> { ["DOCKER_HOST"] = NoDocker };
        foreach (var (name, value) in variables)
        {
            settings[name] = value;
        }

        return new Machine { Variable = settings.GetValueOrDefault };
    }
}
