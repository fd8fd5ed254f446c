using HybridStore.Consistency;
using HybridStore.Consistency.Faults;

namespace HybridStore.Tests.Consistency;

public sealed class SoakOptionsTests
{
    [Fact]
    public void Options_are_taken_as_given()
    {
        var options = SoakOptions.Parse(
            ["--seconds", "20", "--seed", "7", "--processes", "2", "--sessions", "3", "--keys", "50", "--faults", "off", "--peer", "fusion"]);

        Assert.Equal(
            new SoakOptions
            {
                Seconds = 20,
                Seed = 7,
                Processes = 2,
                Sessions = 3,
                Keys = 50,
                Faults = false,
                Protocol = Protocol.FusionCache,
            },
            options);
    }

    [Theory]
    [InlineData("--seconds", "--seconds takes a whole number from 5 to 86400, and nothing follows it.")]
    [InlineData("--seconds 4", "--seconds takes a whole number from 5 to 86400, not '4'.")]
    [InlineData("--seed -1", "--seed takes a whole number from 0 to 2147483647, not '-1'.")]
    [InlineData("--keys many", "--keys takes a whole number from 5 to 10000, not 'many'.")]
    [InlineData("--faults maybe", "--faults takes on or off, not 'maybe'.")]
    [InlineData("--protocol ours", "--protocol takes naive, not 'ours'.")]
    [InlineData("--peer memcached", "--peer takes fusion or hybridcache, not 'memcached'.")]
    [InlineData("--protocol naive --peer fusion", "Give either --protocol or --peer, and once: a run soaks one cache.")]
    [InlineData("--speed 3", "There is no option --speed; --help lists them.")]
    public void Bad_options_are_refused_with_what_is_allowed(string arguments, string message) =>
        Assert.Equal(message, Assert.Throws<ArgumentException>(() => SoakOptions.Parse(arguments.Split(' '))).Message);

    [Fact]
    public void The_same_seed_plans_the_same_and_another_one_something_else()
    {
        var (plan, again, other) = (Of(1), Of(1), Of(2));

        Assert.Equal(plan.Faults, again.Faults);
        Assert.Equal(plan.Kills, again.Kills);
        Assert.NotEqual(plan.Faults, other.Faults);
        Assert.NotEqual(plan.Kills, other.Kills);
        Assert.All(plan.Faults, fault => Assert.InRange(fault.Slot, 1, 3));

        static FaultSchedule Of(int seed) => FaultSchedule.Of(seed, TimeSpan.FromSeconds(60), slots: 3, hasJournal: true);
    }

    [Fact]
    public void Redis_goes_back_in_time_once_and_only_where_a_journal_knows_what_it_loses()
    {
        Assert.Single(Of(hasJournal: true), fault => fault.Kind == FaultKind.RedisSetBack);
        Assert.DoesNotContain(Of(hasJournal: false), fault => fault.Kind is FaultKind.RedisSetBack or FaultKind.ListenersTerminated);

        static IReadOnlyList<PlannedFault> Of(bool hasJournal) => FaultSchedule.Of(1, TimeSpan.FromSeconds(600), 3, hasJournal).Faults;
    }
}
