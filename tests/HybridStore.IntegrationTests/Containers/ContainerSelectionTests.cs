using HybridStore.Servers.Hosting;

namespace HybridStore.IntegrationTests.Containers;

/// <summary>When the tests on containers exist. These here exist always.</summary>
public sealed class ContainerSelectionTests
{
    private const string NoDocker = "unix:///nowhere/docker.sock";

    [Fact]
    public async Task Without_a_Docker_engine_they_are_not_selected() => Assert.False(await AreSelectedAsync());

    [Theory]
    [InlineData("local")]
    [InlineData("environment")]
    public async Task Other_servers_that_were_asked_for_leave_them_out(string source) =>
        Assert.False(await AreSelectedAsync(("HYBRIDSTORE_TEST_SERVERS", source)));

    [Fact]
    public async Task Servers_of_the_environment_leave_them_out() =>
        Assert.False(await AreSelectedAsync(("HYBRIDSTORE_TEST_POSTGRES", "Host=127.0.0.1")));

    [Fact]
    public async Task Containers_that_were_asked_for_are_selected_and_fail_without_an_engine() =>
        Assert.True(await AreSelectedAsync(("HYBRIDSTORE_TEST_SERVERS", "containers")));

    [Theory]
    [InlineData("HYBRIDSTORE_TEST_SERVERS", "somewhere")]
    [InlineData("DOCKER_HOST", "not an address")]
    public async Task Wrong_settings_do_not_hide_them(string variable, string value) =>
        Assert.True(await AreSelectedAsync((variable, value)));

    private static Task<bool> AreSelectedAsync(params (string Name, string Value)[] variables)
    {
        var settings = new Dictionary<string, string> { ["DOCKER_HOST"] = NoDocker };
        foreach (var (name, value) in variables)
        {
            settings[name] = value;
        }

        return ContainersFactDiscoverer.AreSelectedAsync(new Machine { Variable = settings.GetValueOrDefault });
    }
}
