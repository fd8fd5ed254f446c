using System.Runtime.CompilerServices;
using HybridStore.Servers;
using HybridStore.Servers.Hosting;
using Xunit.Sdk;
using Xunit.v3;

namespace HybridStore.IntegrationTests.Containers;

/// <summary>
/// A test on containers. It exists where the test servers are containers (a Docker engine answers, or
/// HYBRIDSTORE_TEST_SERVERS=containers demands one) and is not discovered elsewhere: on a machine without Docker it could
/// only be skipped, and a skipped test is one that somebody has to look into.
/// </summary>
[XunitTestCaseDiscoverer(typeof(ContainersFactDiscoverer))]
[AttributeUsage(AttributeTargets.Method)]
public sealed class ContainersFactAttribute(
    [CallerFilePath] string? sourceFilePath = null, [CallerLineNumber] int sourceLineNumber = -1)
    : FactAttribute(sourceFilePath, sourceLineNumber);

/// <summary>Discovers tests on containers where there can be containers.</summary>
public sealed class ContainersFactDiscoverer : FactDiscoverer
{
    private static readonly Lazy<Task<bool>> Selected = new(() => AreSelectedAsync(Machine.Current));

    public override async ValueTask<IReadOnlyCollection<IXunitTestCase>> Discover(
        ITestFrameworkDiscoveryOptions discoveryOptions, IXunitTestMethod testMethod, IFactAttribute factAttribute) =>
        await Selected.Value ? await base.Discover(discoveryOptions, testMethod, factAttribute) : [];

    internal static async Task<bool> AreSelectedAsync(Machine machine)
    {
        try
        {
            return await ServerChoice.ChooseAsync(machine, CancellationToken.None) == ServerSource.Containers;
        }
        catch (ServersUnavailableException)
        {
            return true; // Wrong settings: the tests fail and say so.
        }
    }
}
