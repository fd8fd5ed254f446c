using Microsoft.Extensions.DependencyInjection;

namespace HybridStore.Tests.Registration;

public class ConfigurationBindingTests
{
    private const string Everything = """
        {
          "HybridStore": {
            "PostgresConnectionString": "Host=db;Database=shop",
            "RedisConnectionString": "redis:6379",
            "Mode": "PassThrough",
            "KeyPrefix": "shop",
            "Partitions": 16,
            "RedisTimeout": "00:00:00.5",
            "JanitorInterval": "00:02:00",
            "ServerWatch": { "Interval": "00:00:30", "HitRateDrop": 0.2, "LeastReads": 500, "BaselineHalfLife": "00:30:00" },
            "Health": { "JournalLag": "00:00:20", "ProbeTimeout": "00:00:02" },
            "MaxNegativeEntriesPerSecond": 20,
            "StrictWrites": true,
            "OnFenceFailure": "Abort",
            "CircuitBreaker": { "FailureThreshold": 5, "FailureWindow": "00:00:20", "BreakDuration": "00:01:00" },
            "InvalidationRetry": { "Capacity": 10, "InitialDelay": "00:00:01", "MaximumDelay": "00:00:10" },
            "Defaults": { "TimeToLive": "00:20:00", "Jitter": 0.2, "Beta": 2.5, "RefreshMode": "Inline" },
            "Policies": {
              "Price": { "TimeToLive": "00:00:30", "NegativeTimeToLive": "00:00:05" },
              "search": {
                "TimeToLive": "00:02:00", "Jitter": 0, "Beta": 0.5, "SchemaVersion": 3, "MaximumPayloadBytes": 4096,
                "CompressionThresholdBytes": 1024, "DoNotCache": false, "StaleOnError": "01:00:00",
                "SoftLoadTimeout": "00:00:00.2", "HardLoadTimeout": "00:00:03"
              }
            }
          }
        }
        """;

    [Fact]
    public void Every_setting_is_bound()
    {
        var options = Bound(Everything);

        Assert.Equal("Host=db;Database=shop", options.PostgresConnectionString);
        Assert.Equal("redis:6379", options.RedisConnectionString);
        Assert.Equal(HybridStoreMode.PassThrough, options.Mode);
        Assert.Equal("shop", options.KeyPrefix);
        Assert.Equal(16, options.Partitions);
        Assert.Equal(TimeSpan.FromMilliseconds(500), options.RedisTimeout);
        Assert.Equal(TimeSpan.FromMinutes(2), options.JanitorInterval);
        Assert.Equal(TimeSpan.FromSeconds(30), options.ServerWatch.Interval);
        Assert.Equal(0.2, options.ServerWatch.HitRateDrop);
        Assert.Equal(500, options.ServerWatch.LeastReads);
        Assert.Equal(TimeSpan.FromMinutes(30), options.ServerWatch.BaselineHalfLife);
        Assert.Equal(TimeSpan.FromSeconds(20), options.Health.JournalLag);
        Assert.Equal(TimeSpan.FromSeconds(2), options.Health.ProbeTimeout);
        Assert.Equal(20, options.MaxNegativeEntriesPerSecond);
        Assert.True(options.StrictWrites);
        Assert.Equal(OnFenceFailure.Abort, options.OnFenceFailure);
        Assert.Equal(5, options.CircuitBreaker.FailureThreshold);
        Assert.Equal(TimeSpan.FromSeconds(20), options.CircuitBreaker.FailureWindow);
        Assert.Equal(TimeSpan.FromMinutes(1), options.CircuitBreaker.BreakDuration);
        Assert.Equal(10, options.InvalidationRetry.Capacity);
        Assert.Equal(TimeSpan.FromSeconds(1), options.InvalidationRetry.InitialDelay);
        Assert.Equal(TimeSpan.FromSeconds(10), options.InvalidationRetry.MaximumDelay);
        Assert.Equal(
            new EntryOptions { TimeToLive = TimeSpan.FromMinutes(20), Jitter = 0.2, Beta = 2.5, RefreshMode = RefreshMode.Inline },
            options.Defaults);
    }

    [Fact]
    public void A_predefined_policy_is_changed_under_its_name_in_any_case_and_a_new_one_is_added()
    {
        var policies = Bound(Everything).Policies;

        Assert.Equal(
            new EntryOptions { TimeToLive = TimeSpan.FromSeconds(30), NegativeTimeToLive = TimeSpan.FromSeconds(5) },
            policies[PolicyNames.Price]);
        Assert.Equal(
            new EntryOptions
            {
                TimeToLive = TimeSpan.FromMinutes(2),
                Jitter = 0,
                Beta = 0.5,
                SchemaVersion = 3,
                MaximumPayloadBytes = 4096,
                CompressionThresholdBytes = 1024,
                DoNotCache = false,
                StaleOnError = TimeSpan.FromHours(1),
                SoftLoadTimeout = TimeSpan.FromMilliseconds(200),
                HardLoadTimeout = TimeSpan.FromSeconds(3),
            },
            policies["search"]);
        Assert.Equal(policies["search"], policies["SEARCH"]);
        Assert.Equal(new EntryOptions { TimeToLive = TimeSpan.FromHours(1) }, policies[PolicyNames.Profile]);
        Assert.Equal(EntryOptions.Never, policies[PolicyNames.Never]);
        Assert.Equal(6, policies.Count);
    }

    [Fact]
    public void A_part_of_a_predefined_policy_may_be_changed_and_the_rest_stays()
    {
        var options = Bound("""{ "HybridStore": { "Policies": { "profile": { "Beta": 2 } } } }""");

        Assert.Equal(new EntryOptions { TimeToLive = TimeSpan.FromHours(1), Beta = 2 }, options.Policies[PolicyNames.Profile]);
    }

    [Fact]
    public void One_stores_configuration_does_not_change_anothers_policies_nor_the_librarys_own()
    {
        var services = new ServiceCollection();
        services.AddHybridStore(ApplicationUnderTest.Json("""{ "Policies": { "never": { "TimeToLive": "00:00:01" } } }"""));
        services.AddKeyedHybridStore("orders", ApplicationUnderTest.Json("""{ "Policies": { "price": { "Beta": 3 } } }"""));
        using var provider = services.BuildServiceProvider();

        var first = ApplicationUnderTest.OptionsOf(provider);
        var orders = ApplicationUnderTest.OptionsOf(provider, "orders");

        Assert.Equal(TimeSpan.FromSeconds(1), first.Policies[PolicyNames.Never].TimeToLive);
        Assert.Null(first.Policies[PolicyNames.Price].Beta);
        Assert.Equal(3, orders.Policies[PolicyNames.Price].Beta);
        Assert.Null(orders.Policies[PolicyNames.Never].TimeToLive);
        Assert.Null(EntryOptions.Never.TimeToLive);
    }

    [Fact]
    public void Configuration_that_is_bound_after_AddPolicy_does_not_write_into_the_policys_own_object()
    {
        var kept = new EntryOptions { TimeToLive = TimeSpan.FromMinutes(3) };
        var services = new ServiceCollection();
        services.AddHybridStore().AddPolicy("search", kept);
        services.Configure<HybridStoreOptions>(
            ApplicationUnderTest.Json("""{ "Policies": { "search": { "TimeToLive": "00:00:01" } } }"""));
        using var provider = services.BuildServiceProvider();

        Assert.Equal(TimeSpan.FromSeconds(1), ApplicationUnderTest.OptionsOf(provider).Policies["search"].TimeToLive);
        Assert.Equal(TimeSpan.FromMinutes(3), kept.TimeToLive);
    }

    [Fact]
    public void What_configuration_leaves_out_keeps_its_default()
    {
        var options = Bound("""{ "HybridStore": { "KeyPrefix": "shop" } }""");

        Assert.Equal(TimeSpan.FromMilliseconds(200), options.RedisTimeout);
        Assert.Null(options.Partitions);
        Assert.Equal(HybridStoreMode.Cached, options.Mode);
        Assert.Equal(new EntryOptions(), options.Defaults);
        Assert.Equal(5, options.Policies.Count);
    }

    [Fact]
    public async Task Values_that_cannot_be_bound_are_all_named_at_start_with_the_rule_and_without_themselves()
    {
        var thrown = await ApplicationUnderTest.StartInvalidAsync(services => services.AddHybridStore(ApplicationUnderTest.Json("""
            {
              "RedisTimeout": "two hundred milliseconds",
              "Partitions": "sixteen or so, if there is room",
              "Mode": "Sometimes",
              "Defaults": { "Jitter": 0.7 },
              "Policies": {
                "price": { "TimeToLive": "-00:01:00", "Beta": "NaN" },
                "search": { "MaximumPayloadBytes": 0, "DoNotCache": "perhaps", "TimeToLife": "00:01:00" }
              },
              "RedisTimout": "00:00:01",
              "KeyPrefix": "a b"
            }
            """)));

        string[] expected =
        [
            "Defaults:Jitter: Jitter must be from 0 to 0.5, for example 0.1 for ±10 %.",
            "Mode: not a HybridStoreMode. Set it to one of Cached, PassThrough.",
            "Partitions: not a whole number, such as 16.",
            "Policies:price:Beta: Beta must be from 0 to 100; 1 is the usual value, 0 switches early refresh off.",
            "Policies:price:TimeToLive: TimeToLive must be more than zero",
            "Policies:search:MaximumPayloadBytes: MaximumPayloadBytes must be from 1 to 536870912",
            "Policies:search:DoNotCache: neither true nor false.",
            "Policies:search:TimeToLife: there is no such setting.",
            "RedisTimout: there is no such setting.",
            "RedisTimeout: not a time span. Write it as hours:minutes:seconds, such as 00:00:30.",
            "KeyPrefix must have 1 to 64 characters",
        ];
        var failures = thrown.Failures.ToList();
        Assert.All(expected, part => Assert.Contains(failures, failure => failure.Contains(part, StringComparison.Ordinal)));
        Assert.Equal(expected.Length, failures.Count);
        Assert.All(failures, failure => Assert.StartsWith("HybridStore: ", failure, StringComparison.Ordinal));
        Assert.DoesNotContain("two hundred millise", thrown.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("sixteen or so, if", thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_group_of_settings_that_is_null_in_the_file_keeps_its_defaults()
    {
        var options = Bound("""{ "HybridStore": { "CircuitBreaker": null, "InvalidationRetry": null, "Defaults": null } }""");

        Assert.Equal(3, options.CircuitBreaker.FailureThreshold);
        Assert.Equal(100_000, options.InvalidationRetry.Capacity);
        Assert.Equal(new EntryOptions(), options.Defaults);
    }

    private static HybridStoreOptions Bound(string json)
    {
        var services = new ServiceCollection();
        services.AddHybridStore(ApplicationUnderTest.Json(json).GetSection("HybridStore"));
        using var provider = services.BuildServiceProvider();
        return ApplicationUnderTest.OptionsOf(provider);
    }
}
