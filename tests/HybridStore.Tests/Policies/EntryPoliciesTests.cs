using CsCheck;
using HybridStore.Policies;

namespace HybridStore.Tests.Policies;

public class EntryPoliciesTests
{
    private static readonly Gen<EntryOptions> Options = Gen.Select(
        Gen.Long[1, TimeSpan.TicksPerDay].Nullable(),
        Gen.Double[0, 0.5].Nullable(),
        Gen.Long[1, TimeSpan.TicksPerDay].Nullable(),
        Gen.Double[0, 100].Nullable(),
        Gen.Int.Nullable(),
        Gen.Int[1, 1_000_000].Nullable(),
        Gen.Select(Gen.Int[0, 1_000_000].Nullable(), Gen.Bool.Nullable(), Gen.Enum<RefreshMode>().Nullable())).Select(
        (timeToLive, jitter, negative, beta, schema, maximum, rest) => new EntryOptions
        {
            TimeToLive = timeToLive is { } ticks ? TimeSpan.FromTicks(ticks) : null,
            Jitter = jitter,
            NegativeTimeToLive = negative is { } negativeTicks ? TimeSpan.FromTicks(negativeTicks) : null,
            Beta = beta,
            SchemaVersion = schema,
            MaximumPayloadBytes = maximum,
            CompressionThresholdBytes = rest.Item1,
            DoNotCache = rest.Item2,
            RefreshMode = rest.Item3,
        });

    [Fact]
    public void Where_nothing_is_said_the_librarys_defaults_hold()
    {
        var settings = new EntryPolicies(new EntryOptions(), []).Resolve(null);

        Assert.Equal(TimeSpan.FromMinutes(10), settings.TimeToLive);
        Assert.Equal(0.1, settings.Jitter);
        Assert.Null(settings.NegativeTimeToLive);
        Assert.Equal(1, settings.Beta);
        Assert.Equal(RefreshMode.Background, settings.RefreshMode);
        Assert.Equal(0, settings.SchemaVersion);
        Assert.Equal(1024 * 1024, settings.MaximumPayloadBytes);
        Assert.Null(settings.CompressionThresholdBytes);
        Assert.False(settings.DoNotCache);
    }

    [Fact]
    public void The_call_goes_before_its_policy_and_the_policy_before_the_store() =>
        Gen.Select(Options, Options, Options).Sample((call, policy, store) =>
        {
            var policies = new EntryPolicies(store, [KeyValuePair.Create("named", policy)]);
            var factory = EntrySettings.Default;
            var (named, unnamed) = (policies.Resolve(EntryOptions.Policy("named")).Policy, policies.Resolve(null).Policy);

            Assert.Equal(
                new EntrySettings(
                    call.TimeToLive ?? policy.TimeToLive ?? store.TimeToLive ?? factory.TimeToLive,
                    call.Jitter ?? policy.Jitter ?? store.Jitter ?? factory.Jitter,
                    call.NegativeTimeToLive ?? policy.NegativeTimeToLive ?? store.NegativeTimeToLive,
                    call.Beta ?? policy.Beta ?? store.Beta ?? factory.Beta,
                    call.SchemaVersion ?? policy.SchemaVersion ?? store.SchemaVersion ?? factory.SchemaVersion,
                    call.MaximumPayloadBytes ?? policy.MaximumPayloadBytes ?? store.MaximumPayloadBytes ?? factory.MaximumPayloadBytes,
                    call.CompressionThresholdBytes ?? policy.CompressionThresholdBytes ?? store.CompressionThresholdBytes,
                    call.DoNotCache ?? policy.DoNotCache ?? store.DoNotCache ?? false)
                {
                    RefreshMode = call.RefreshMode ?? policy.RefreshMode ?? store.RefreshMode ?? RefreshMode.Background,
                    Policy = named,
                },
                policies.Resolve(call with { PolicyName = "named" }));
            Assert.Equal(factory.With(store).With(call) with { Policy = unnamed }, policies.Resolve(call));
            Assert.Equal(factory.With(store) with { Policy = unnamed }, policies.Resolve(null));
        });

    [Fact]
    public void Metrics_name_the_policy_in_lower_case_and_default_where_none_is_named()
    {
        var policies = new EntryPolicies(new EntryOptions(), [KeyValuePair.Create("Catalogue", new EntryOptions())]);

        Assert.Equal("default", policies.Resolve(null).Policy.Name);
        Assert.Same(policies.Resolve(null).Policy, policies.Resolve(new EntryOptions { Beta = 2 }).Policy);
        var named = policies.Resolve(EntryOptions.Policy("catalogue") with { Beta = 2 }).Policy;
        Assert.Equal("catalogue", named.Name);
        Assert.Same(named, policies.Resolve(EntryOptions.Policy("CATALOGUE")).Policy);
        Assert.Equal([policies.Resolve(null).Policy, named], policies.Meters);
    }

    [Theory]
    [InlineData(PolicyNames.Profile, 3600)]
    [InlineData(PolicyNames.Inventory, 300)]
    [InlineData(PolicyNames.Price, 60)]
    [InlineData(PolicyNames.StaticContent, 86_400)]
    public void The_kinds_of_data_that_everybody_has_are_there_from_the_start(string name, double seconds)
    {
        var settings = OfStore().Resolve(EntryOptions.Policy(name));

        Assert.Equal(TimeSpan.FromSeconds(seconds), settings.TimeToLive);
        Assert.False(settings.DoNotCache);
    }

    [Fact]
    public void Never_is_never_cached_by_name_and_by_itself()
    {
        Assert.True(OfStore().Resolve(EntryOptions.Policy(PolicyNames.Never)).DoNotCache);
        Assert.True(OfStore().Resolve(EntryOptions.Never).DoNotCache);
        Assert.True(OfStore().Resolve(EntryOptions.Policy(PolicyNames.Price) with { DoNotCache = true }).DoNotCache);
    }

    [Fact]
    public void What_is_said_of_failed_and_slow_loads_comes_from_the_call_then_its_policy_then_the_store()
    {
        var second = TimeSpan.FromSeconds(1);
        var policies = new EntryPolicies(
            new EntryOptions { StaleOnError = 60 * second, HardLoadTimeout = 9 * second },
            [KeyValuePair.Create("named", new EntryOptions { HardLoadTimeout = 5 * second, SoftLoadTimeout = 3 * second })]);

        var settings = policies.Resolve(EntryOptions.Policy("named") with { SoftLoadTimeout = second });

        Assert.Equal((60 * second, second, 5 * second), (settings.StaleOnError, settings.SoftLoadTimeout, settings.HardLoadTimeout));
        Assert.Equal((60 * second, null, 9 * second), Of(policies.Resolve(null)));
        Assert.Equal((null, null, null), Of(EntrySettings.Default));

        static (TimeSpan?, TimeSpan?, TimeSpan?) Of(EntrySettings one) => (one.StaleOnError, one.SoftLoadTimeout, one.HardLoadTimeout);
    }

    [Fact]
    public void A_soft_time_out_above_the_hard_one_is_refused_at_first_use_wherever_the_two_come_from()
    {
        var second = TimeSpan.FromSeconds(1);
        var policies = new EntryPolicies(
            new EntryOptions { StaleOnError = second }, [KeyValuePair.Create("named", new EntryOptions { HardLoadTimeout = 2 * second })]);
        var ofCall = new EntryOptions { SoftLoadTimeout = 3 * second, HardLoadTimeout = 2 * second };

        AssertRefused(() => policies.Resolve(ofCall));
        AssertRefused(() => policies.Resolve(EntryOptions.Policy("named") with { SoftLoadTimeout = 3 * second }));
        Assert.Equal(2 * second, policies.Resolve(EntryOptions.Policy("named") with { SoftLoadTimeout = 2 * second }).SoftLoadTimeout);

        // In whatever order they are set.
        Assert.Equal(
            4 * second, policies.Resolve(ofCall with { SoftLoadTimeout = 4 * second, HardLoadTimeout = 5 * second }).SoftLoadTimeout);

        static void AssertRefused(Func<object> resolve)
        {
            var thrown = Assert.Throws<ArgumentException>("options", resolve);
            Assert.Contains("SoftLoadTimeout (00:00:03) is above HardLoadTimeout (00:00:02)", thrown.Message, StringComparison.Ordinal);
            Assert.Contains("make it shorter, or HardLoadTimeout longer", thrown.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_soft_time_out_without_anything_that_it_could_serve_is_refused_at_first_use()
    {
        var thrown = Assert.Throws<ArgumentException>(
            "options", () => OfStore().Resolve(new EntryOptions { SoftLoadTimeout = TimeSpan.FromSeconds(1) }));

        Assert.Contains("SoftLoadTimeout needs StaleOnError", thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Names_of_policies_are_case_insensitive() =>
        Assert.Equal(TimeSpan.FromMinutes(1), OfStore().Resolve(EntryOptions.Policy("PRICE")).TimeToLive);

    [Fact]
    public void Options_that_stay_the_same_object_are_merged_once_and_equal_ones_are_merged_alike()
    {
        var policies = OfStore();
        var options = EntryOptions.Policy(PolicyNames.Price) with { Beta = 2 };

        Assert.Same(policies.Resolve(options), policies.Resolve(options));
        Assert.Equal(policies.Resolve(options), policies.Resolve(options with { }));
    }

    [Fact]
    public void An_unknown_policy_is_refused_with_its_start_the_known_ones_and_the_remedy()
    {
        var thrown = Assert.Throws<ArgumentException>(
            () => OfStore().Resolve(EntryOptions.Policy("prices-of-ada@example.org")));

        Assert.Equal("options", thrown.ParamName);
        Assert.Contains("\"prices-of-ada@ex...\"", thrown.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("prices-of-ada@exa", thrown.Message, StringComparison.Ordinal);
        Assert.Contains("inventory, never, price, profile, static", thrown.Message, StringComparison.Ordinal);
        Assert.Contains("AddPolicy", thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_policies_of_one_store_are_not_those_of_another()
    {
        var one = new HybridStoreOptions();
        var other = new HybridStoreOptions();

        foreach (var (name, policy) in one.Policies)
        {
            Assert.NotSame(policy, other.Policies[name]);
            Assert.NotSame(EntryOptions.Never, policy);
        }

        Assert.NotSame(one.Defaults, other.Defaults);
        one.Policies.Remove(PolicyNames.Price);
        Assert.True(other.Policies.ContainsKey(PolicyNames.Price));
    }

    private static EntryPolicies OfStore()
    {
        var options = new HybridStoreOptions();
        return new EntryPolicies(options.Defaults, options.Policies);
    }
}
