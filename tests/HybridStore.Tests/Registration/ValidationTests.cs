using CsCheck;
using HybridStore.Registration;
using Microsoft.Extensions.DependencyInjection;

namespace HybridStore.Tests.Registration;

public class ValidationTests
{
    private static readonly HybridStoreOptionsValidator Validator = new();

    [Fact]
    public void The_defaults_are_valid() => Assert.True(Validator.Validate("", new HybridStoreOptions()).Succeeded);

    [Theory]
    [InlineData("00:00:00", true)]
    [InlineData("00:00:10", true)]
    [InlineData("1.00:00:00", true)]
    [InlineData("00:00:09.9", false)]
    [InlineData("1.00:00:01", false)]
    [InlineData("-00:10:00", false)]
    public void The_janitor_runs_between_every_ten_seconds_and_once_a_day_or_never(string interval, bool isValid)
    {
        var result = Validator.Validate("", new HybridStoreOptions
        {
            JanitorInterval = TimeSpan.Parse(interval, System.Globalization.CultureInfo.InvariantCulture),
        });

        Assert.Equal(isValid, result.Succeeded);
        Assert.Equal(isValid, result.FailureMessage?.Contains("JanitorInterval must be from 10 s to 1 day, or zero", StringComparison.Ordinal) is not true);
    }

    [Fact]
    public async Task At_start_every_wrong_setting_is_named_with_its_remedy()
    {
        var thrown = await ApplicationUnderTest.StartInvalidAsync(services => services.AddHybridStore(options =>
        {
            options.PostgresConnectionString = "Hots=db;Password=s3cret-of-postgres";
            options.RedisConnectionString = "redis:6379,password=s3cret-of-redis,synctimeout=soon";
            options.Mode = (HybridStoreMode)7;
            options.OnFenceFailure = (OnFenceFailure)7;
            options.KeyPrefix = "{shop}";
            options.Partitions = 12;
            options.RedisTimeout = TimeSpan.Zero;
            options.CircuitBreaker.FailureThreshold = 0;
            options.InvalidationRetry.Capacity = 0;
            options.ServerWatch.HitRateDrop = 0;
            options.Health.JournalLag = TimeSpan.Zero;
            options.Defaults = EntryOptions.Policy("price");
            options.Policies["the-kindly-named-policy"] = EntryOptions.Policy("price");
            options.Policies["nothing"] = null!;
            options.Policies[" "] = new EntryOptions();
        }));

        string[] expected =
        [
            "HybridStore: Mode must be Cached or PassThrough.",
            "HybridStore: OnFenceFailure must be Proceed or Abort.",
            "HybridStore: PostgresConnectionString is not an Npgsql connection string; set it like \"Host=",
            "HybridStore: RedisConnectionString is not a StackExchange.Redis connection string; set it like \"localhost:6379",
            "HybridStore: KeyPrefix must have 1 to 64 characters, without braces",
            "HybridStore: Partitions must be a power of two from 1 to 1024; leave it unset",
            "HybridStore: RedisTimeout must be from 10 ms to 1 minute; the default is",
            "HybridStore: CircuitBreaker.FailureThreshold must be from 1 to 1000 failures, but is 0. Set it to",
            "HybridStore: InvalidationRetry.Capacity must be from 1 to 10,000,000; the default is",
            "HybridStore: ServerWatch.HitRateDrop must be from 0.01 to 1, a part of the baseline; the default is 0.1.",
            "HybridStore: Health.JournalLag must be from 1 s to 1 hour; the default is",
            "HybridStore: Policies: \"the-kindly-named...\" names another policy; policies inherit from Defaults only, so repeat",
            "HybridStore: Policies: \"nothing\" has no settings; set at least TimeToLive.",
            "HybridStore: Policies must have names; give each a name such as \"price\".",
            "HybridStore: Defaults must not name a policy; set the properties themselves.",
        ];
        Assert.Equal(expected.Length, thrown.Failures.Count());
        Assert.All(expected.Zip(thrown.Failures), pair => Assert.StartsWith(pair.First, pair.Second, StringComparison.Ordinal));
        Assert.DoesNotContain("s3cret", thrown.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Load_time_outs_that_contradict_each_other_are_told_for_each_policy()
    {
        var options = new HybridStoreOptions { Defaults = new EntryOptions { HardLoadTimeout = TimeSpan.FromSeconds(2) } };
        options.Policies["slow"] = new EntryOptions { StaleOnError = TimeSpan.FromHours(1), SoftLoadTimeout = TimeSpan.FromSeconds(3) };
        options.Policies["bare"] = new EntryOptions { SoftLoadTimeout = TimeSpan.FromSeconds(1) };
        options.Policies["right"] = new EntryOptions { StaleOnError = TimeSpan.FromHours(1), SoftLoadTimeout = TimeSpan.FromSeconds(1) };

        Assert.Equal(
            [
                "HybridStore: Policies: \"bare\", together with Defaults: SoftLoadTimeout needs StaleOnError, since what it serves is a value past "
                + "its time to live: set both, or neither.",
                "HybridStore: Policies: \"slow\", together with Defaults: SoftLoadTimeout (00:00:03) is above HardLoadTimeout (00:00:02), so it "
                + "would never come to pass: make it shorter, or HardLoadTimeout longer.",
            ],
            Validator.Validate("", options).Failures?.Order(StringComparer.Ordinal));
        Assert.StartsWith(
            "HybridStore: Defaults: SoftLoadTimeout needs StaleOnError",
            Assert.Single(Validator.Validate(
                "", new HybridStoreOptions { Defaults = new EntryOptions { SoftLoadTimeout = TimeSpan.FromSeconds(1) } }).Failures!),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_settings_of_a_store_with_a_key_are_named_with_the_key()
    {
        var thrown = await ApplicationUnderTest.StartInvalidAsync(services =>
            services.AddKeyedHybridStore("orders", options => options.Partitions = 3));

        Assert.StartsWith("HybridStore \"orders\": Partitions must be", Assert.Single(thrown.Failures), StringComparison.Ordinal);
        Assert.Equal("orders", thrown.OptionsName);
    }

    [Fact]
    public void Groups_of_settings_that_are_null_are_told_and_not_tripped_over()
    {
        var result = Validator.Validate(
            "",
            new HybridStoreOptions
            {
                CircuitBreaker = null!,
                InvalidationRetry = null!,
                ServerWatch = null!,
                Health = null!,
                Defaults = null!,
                KeyPrefix = null!,
            });

        Assert.Equal(6, result.Failures!.Count());
        Assert.Contains("HybridStore: CircuitBreaker must not be null; leave it unset, or use new CircuitBreakerOptions().", result.Failures!);
        Assert.Contains("HybridStore: Defaults must not be null; leave it unset, or use new EntryOptions().", result.Failures!);
    }

    [Theory]
    [InlineData("")]
    [InlineData("Database=shop")]
    [InlineData("Host=")]
    public void A_PostgreSQL_without_a_host_is_told(string connectionString) =>
        AssertOneError(
            new HybridStoreOptions { PostgresConnectionString = connectionString }, "PostgresConnectionString names no host; set it like");

    [Theory]
    [InlineData("postgres://app:s3cret@db/shop")]
    [InlineData("Host=db;Port=many")]
    [InlineData("Host=db;Port=-1")]
    [InlineData("Host=db;Pasword=s3cret")]
    [InlineData("Host=db;Pasword=")]
    [InlineData("Host=db;SSL Mode=perhaps")]
    [InlineData("Host=db;Maximum Pool Size=99999999999")]
    [InlineData("=")]
    [InlineData("Host")]
    public void What_Npgsql_does_not_understand_is_told_without_being_quoted(string connectionString) =>
        AssertOneError(
            new HybridStoreOptions { PostgresConnectionString = connectionString }, "PostgresConnectionString is not an Npgsql connection string");

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData(",")]
    [InlineData("password=s3cret")]
    public void A_Redis_without_a_server_is_told(string connectionString) =>
        AssertOneError(
            new HybridStoreOptions { RedisConnectionString = connectionString }, "RedisConnectionString names no server; set it like");

    [Theory]
    [InlineData("redis:6379,synctimeout=soon,password=s3cret")]
    [InlineData("redis:6379,pasword=s3cret")]
    [InlineData("redis:6379,ssl=perhaps")]
    [InlineData("redis:6379,proxy=squid")]
    public void What_the_Redis_client_does_not_understand_is_told_without_being_quoted(string connectionString) =>
        AssertOneError(
            new HybridStoreOptions { RedisConnectionString = connectionString }, "RedisConnectionString is not a StackExchange.Redis");

    [Fact]
    public void Whatever_a_connection_string_holds_the_validator_answers() =>
        Gen.String.Sample(text =>
        {
            var result = Validator.Validate(
                "", new HybridStoreOptions { PostgresConnectionString = text, RedisConnectionString = text, KeyPrefix = text });
            return result.Failed;
        });

    [Theory]
    [InlineData("")]
    [InlineData("a b")]
    [InlineData("a\n")]
    [InlineData("a{b")]
    [InlineData("a}b")]
    [InlineData("a*")]
    [InlineData("a?")]
    [InlineData("[ab]")]
    [InlineData("a\\b")]
    [InlineData("a^")]
    [InlineData("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx")]
    public void A_prefix_that_Redis_or_a_pattern_would_read_in_another_way_is_told(string prefix) =>
        AssertOneError(new HybridStoreOptions { KeyPrefix = prefix }, "KeyPrefix must have 1 to 64 characters");

    [Theory]
    [InlineData(0)]
    [InlineData(-16)]
    [InlineData(3)]
    [InlineData(2048)]
    [InlineData(int.MinValue)]
    public void A_number_of_partitions_that_is_no_power_of_two_up_to_1024_is_told(int partitions) =>
        AssertOneError(new HybridStoreOptions { Partitions = partitions }, "Partitions must be a power of two from 1 to 1024");

    [Theory]
    [InlineData(9)]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(60_001)]
    public void A_time_out_out_of_range_is_told(double milliseconds) =>
        AssertOneError(
            new HybridStoreOptions { RedisTimeout = TimeSpan.FromMilliseconds(milliseconds) }, "RedisTimeout must be from 10 ms to 1 minute");

    [Theory]
    [InlineData(-1)]
    [InlineData(1_000_001)]
    public void A_number_of_missing_rows_out_of_range_is_told(int value) =>
        AssertOneError(
            new HybridStoreOptions { MaxNegativeEntriesPerSecond = value }, "MaxNegativeEntriesPerSecond must be from 0 to 1,000,000");

    [Fact]
    public void The_limits_themselves_are_valid()
    {
        Assert.True(Validator.Validate("", new HybridStoreOptions
        {
            RedisTimeout = TimeSpan.FromMilliseconds(10),
            Partitions = 1,
            KeyPrefix = "x",
            MaxNegativeEntriesPerSecond = 0,
        }).Succeeded);
        Assert.True(Validator.Validate("", new HybridStoreOptions
        {
            RedisTimeout = TimeSpan.FromMinutes(1),
            Partitions = 1024,
            MaxNegativeEntriesPerSecond = 1_000_000,
            KeyPrefix = new string('x', 64),
        }).Succeeded);
    }

    private static void AssertOneError(HybridStoreOptions options, string start)
    {
        var error = Assert.Single(Validator.Validate("", options).Failures!);
        Assert.StartsWith("HybridStore: " + start, error, StringComparison.Ordinal);
        Assert.DoesNotContain("s3cret", error, StringComparison.Ordinal);
    }
}
