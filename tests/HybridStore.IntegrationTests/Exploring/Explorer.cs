using System.Collections.Concurrent;
using HybridStore.Fencing;
using HybridStore.Redis;
using HybridStore.Servers;

namespace HybridStore.IntegrationTests.Exploring;

/// <summary>Runs scenarios on two servers, with rigs that are used again.</summary>
internal sealed class Explorer : IAsyncDisposable
{
    // Orders wait for servers most of the time.
    private const int AtOnce = 4;

    // In how many orders chosen at random a rule that is left out must show.
    private const int OrdersOfAblation = 5000;

    private static readonly string[] Scripts =
        [.. new[] { RedisScript.Lease, RedisScript.Store, RedisScript.Invalidate }.Select(script => script.For(serverKnowsFlags: true))];

    private readonly TestServers _servers;
    private readonly StoreHost _home;
    private readonly ConcurrentBag<Rig> _rigs = [];

    private Explorer(TestServers servers, StoreHost home) => (_servers, _home) = (servers, home);

    public static async Task<Explorer> StartAsync(TestServers servers)
    {
        var home = await StoreHost.StartAsync(servers);
        await home.ExecuteAsync("create table explored (id int primary key, version int not null)");
        return new Explorer(servers, home);
    }

    /// <summary>In no order does anybody see what an applied invalidation was to remove, and the cache is of use.</summary>
    public async Task AssertNothingStaleAsync(Scenario scenario, Extent extent)
    {
        if (scenario.ScriptChange is null)
        {
            await AssertNothingStaleAsync(_ => scenario, 0, await RigsAsync(), extent);
            return;
        }

        await using var rigs = await OwnRigs.StartAsync(AtOnce, () => StartRigAsync(null, scenario.ScriptChange));
        await AssertNothingStaleAsync(_ => scenario, 0, rigs.Rigs, extent);
    }

    /// <summary>The same for scenarios that a number makes, each run in one order.</summary>
    public async Task AssertNothingStaleAsync(string name, Func<int, Scenario> scenarioOf, Extent extent) =>
        await AssertNothingStaleAsync(scenarioOf, Extent.NumberOf(name) ?? 0, await RigsAsync(), extent);

    /// <summary>Without a rule an order shows what the rule is there to prevent.</summary>
    /// <param name="scenario">The scenario.</param>
    /// <param name="protocol">Which rule is left out of the code.</param>
    /// <param name="cutScript">Which is cut out of a script.</param>
    /// <param name="everyOrder">Whether all orders are run, and not some.</param>
    public async Task AssertFoundAsync(
        Scenario scenario, ProtocolUnderTest? protocol = null, Func<string, string>? cutScript = null, bool everyOrder = true)
    {
        string Cut(string text)
        {
            var changed = scenario.ScriptChange?.Invoke(text) ?? text;
            return cutScript?.Invoke(changed) ?? changed;
        }

        Assert.True(
            cutScript is null || Scripts.Any(script => cutScript(script) != script), "What was to be cut out is in no script.");
        await using var rigs = await OwnRigs.StartAsync(2, () => StartRigAsync(protocol, Cut));
        var (findings, how) = await RunAsync(_ => scenario, 0, rigs.Rigs, everyOrder ? null : OrdersOfAblation);

        Assert.True(findings.Violation is not null, $"{how}: nothing was found.");
        TestContext.Current.TestOutputHelper!.WriteLine(findings.Violation!);
        Assert.Matches("^(Redis holds|A reader got)", findings.Violation!);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var rig in _rigs)
        {
            await rig.DisposeAsync();
        }

        await _home.DisposeAsync();
    }

    private static async Task AssertNothingStaleAsync(
        Func<int, Scenario> scenarioOf, int number, IReadOnlyCollection<Rig> rigs, Extent extent)
    {
        var (findings, how) = await RunAsync(scenarioOf, number, rigs, extent.Orders);
        Assert.True(findings.Violation is null, $"{how}: {findings.Violation}");
        Assert.True(findings.Found > 0, $"{how}: nothing was ever stored.");
    }

    private static async Task<(Findings Findings, string How)> RunAsync(
        Func<int, Scenario> scenarioOf, int number, IReadOnlyCollection<Rig> rigs, int? orders)
    {
        var exploration = new Exploration(scenarioOf, rigs);
        var scenario = scenarioOf(number);
        var seed = Random.Shared.Next();
        var started = TimeProvider.System.GetTimestamp();
        var findings = Extent.OrderOf(scenario) is { } order
            ? await exploration.RunOrderAsync(number, order)
            : orders is { } count
                ? await exploration.RunSampleAsync(seed, count)
                : await exploration.RunEveryOrderAsync();
        var how = $"{scenario.Name}: {findings.Orders} orders ({findings.Different} different{(orders is null ? "" : $", seed {seed}")})"
            + $" in {TimeProvider.System.GetElapsedTime(started).TotalSeconds:F1} s";
        TestContext.Current.TestOutputHelper!.WriteLine(how);
        return (findings, how);
    }

    private async Task<IReadOnlyCollection<Rig>> RigsAsync()
    {
        while (_rigs.Count < AtOnce)
        {
            _rigs.Add(await StartRigAsync(null, null));
        }

        return _rigs;
    }

    private Task<Rig> StartRigAsync(ProtocolUnderTest? protocol, Func<string, string>? cutScript) =>
        Rig.StartAsync(_servers, _home, protocol, cutScript);

    /// <summary>Rigs whose code or scripts are not the real ones.</summary>
    private sealed class OwnRigs(List<Rig> rigs) : IAsyncDisposable
    {
        public IReadOnlyCollection<Rig> Rigs => rigs;

        public static async Task<OwnRigs> StartAsync(int count, Func<Task<Rig>> startAsync)
        {
            var rigs = new List<Rig>();
            while (rigs.Count < count)
            {
                rigs.Add(await startAsync());
            }

            return new OwnRigs(rigs);
        }

        public async ValueTask DisposeAsync()
        {
            foreach (var rig in rigs)
            {
                await rig.DisposeAsync();
            }
        }
    }
}
