using HybridStore.Redis;

namespace HybridStore.Tests.Redis;

public class RedisScriptTests
{
    public static TheoryData<string> Names => new(
        typeof(RedisScript).Assembly.GetManifestResourceNames().Where(name => name.EndsWith(".lua", StringComparison.Ordinal)));

    [Fact]
    public void There_are_the_scripts_that_the_gateway_runs() =>
        Assert.Equal(
            [
                "claim.lua", "eviction.lua", "explain.lua", "forget.lua", "generation.lua", "info.lua", "invalidate.lua", "layout.lua",
                "lease.lua", "mark.lua", "memberships.lua", "release.lua", "renew.lua", "store.lua", "sweep.lua", "trim.lua", "turn.lua",
            ],
            Names.Select(name => name.Data).Order(StringComparer.Ordinal));

    [Theory]
    [MemberData(nameof(Names))]
    public void A_script_declares_its_flags_in_its_first_line_and_its_contract_behind_it(string name)
    {
        var lines = ScriptOf(name).For(serverKnowsFlags: true).Split('\n');

        Assert.Matches("^#!lua( flags=[a-z,-]+)?$", lines[0]);
        var contract = lines.Skip(1).TakeWhile(line => line.StartsWith("--", StringComparison.Ordinal)).ToArray();
        Assert.Contains(contract, line => line.StartsWith("-- KEYS", StringComparison.Ordinal));
        Assert.Contains(contract, line => line.StartsWith("-- ARGV", StringComparison.Ordinal));
        Assert.Contains(contract, line => line.StartsWith("-- returns", StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void For_Redis_6_that_line_is_cut_off_and_nothing_else(string name)
    {
        var script = ScriptOf(name);
        var with = script.For(serverKnowsFlags: true);
        var without = script.For(serverKnowsFlags: false);

        Assert.StartsWith("-- ", without, StringComparison.Ordinal);
        Assert.Equal(with[(with.IndexOf('\n', StringComparison.Ordinal) + 1)..], without);
        Assert.DoesNotContain('\r', with);
    }

    [Theory]
    [InlineData("claim.lua", true)]
    [InlineData("eviction.lua", true)]
    [InlineData("explain.lua", true)]
    [InlineData("forget.lua", true)]
    [InlineData("generation.lua", true)]
    [InlineData("info.lua", true)]
    [InlineData("invalidate.lua", true)]
    [InlineData("layout.lua", true)]
    [InlineData("lease.lua", true)]
    [InlineData("mark.lua", true)]
    [InlineData("memberships.lua", true)]
    [InlineData("release.lua", true)]
    [InlineData("renew.lua", true)]
    [InlineData("store.lua", false)]
    [InlineData("sweep.lua", true)]
    [InlineData("trim.lua", true)]
    [InlineData("turn.lua", true)]
    public void A_full_Redis_may_still_forget_but_not_store(string name, bool allowed) =>
        Assert.Equal(
            allowed, ScriptOf(name).For(serverKnowsFlags: true).Split('\n')[0].Contains("allow-oom", StringComparison.Ordinal));

    private static RedisScript ScriptOf(string name) => name switch
    {
        "lease.lua" => RedisScript.Lease,
        "release.lua" => RedisScript.Release,
        "renew.lua" => RedisScript.Renew,
        "store.lua" => RedisScript.Store,
        "invalidate.lua" => RedisScript.Invalidate,
        "layout.lua" => RedisScript.Layout,
        "generation.lua" => RedisScript.Generation,
        "eviction.lua" => RedisScript.Eviction,
        "info.lua" => RedisScript.Info,
        "explain.lua" => RedisScript.Explain,
        "memberships.lua" => RedisScript.Memberships,
        "turn.lua" => RedisScript.Turn,
        "trim.lua" => RedisScript.Trim,
        "sweep.lua" => RedisScript.Sweep,
        "forget.lua" => RedisScript.Forget,
        "claim.lua" => RedisScript.Claim,
        "mark.lua" => RedisScript.Mark,
        _ => throw new ArgumentOutOfRangeException(nameof(name), name, "This script has no property: add it, and it here."),
    };
}
