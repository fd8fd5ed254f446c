namespace HybridStore.Tests.Policies;

public class EntryOptionsTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData((365 * 86_400) + 1)]
    public void A_time_to_live_out_of_range_is_refused_at_once(double seconds)
    {
        var value = TimeSpan.FromSeconds(seconds);

        AssertRefused("TimeToLive", "more than zero and at most 365 days", "leave it unset", () => new EntryOptions { TimeToLive = value });
        AssertRefused(
            "NegativeTimeToLive",
            "more than zero and at most 365 days",
            "leave it unset",
            () => new EntryOptions { NegativeTimeToLive = value });
        AssertRefused(
            "TimeToLive", "more than zero", "EntryOptions.Never", () => EntryOptions.Never with { TimeToLive = value });
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData((365 * 86_400) + 1)]
    public void A_time_to_serve_stale_out_of_range_is_refused_at_once(double seconds) => AssertRefused(
        "StaleOnError",
        "more than zero and at most 365 days",
        "leave it unset",
        () => new EntryOptions { StaleOnError = TimeSpan.FromSeconds(seconds) });

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(3601)]
    public void A_load_time_out_out_of_range_is_refused_at_once(double seconds)
    {
        var value = TimeSpan.FromSeconds(seconds);

        AssertRefused(
            "SoftLoadTimeout", "more than zero and at most 1 hour", "leave it unset", () => new EntryOptions { SoftLoadTimeout = value });
        AssertRefused(
            "HardLoadTimeout", "more than zero and at most 1 hour", "leave it unset", () => new EntryOptions { HardLoadTimeout = value });
    }

    [Theory]
    [InlineData(-0.01)]
    [InlineData(0.51)]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    [InlineData(double.NegativeInfinity)]
    public void A_jitter_out_of_range_is_refused_at_once(double value) =>
        AssertRefused("Jitter", "from 0 to 0.5", "for example 0.1", () => new EntryOptions { Jitter = value });

    [Theory]
    [InlineData(-0.01)]
    [InlineData(100.1)]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    [InlineData(double.NegativeInfinity)]
    public void A_beta_out_of_range_is_refused_at_once(double value) =>
        AssertRefused("Beta", "from 0 to 100", "1 is the usual value", () => new EntryOptions { Beta = value });

    [Fact]
    public void A_mode_of_refreshing_that_there_is_not_is_refused_at_once() =>
        AssertRefused("RefreshMode", "Background or Inline", "leave it unset", () => new EntryOptions { RefreshMode = (RefreshMode)7 });

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData((512 * 1024 * 1024) + 1)]
    public void A_payload_limit_out_of_range_is_refused_at_once(int value) =>
        AssertRefused(
            "MaximumPayloadBytes", "from 1 to 536870912", "512 MiB", () => new EntryOptions { MaximumPayloadBytes = value });

    [Fact]
    public void A_negative_compression_threshold_is_refused_at_once() =>
        AssertRefused(
            "CompressionThresholdBytes", "0 or more", "leave it unset", () => new EntryOptions { CompressionThresholdBytes = -1 });

    [Fact]
    public void The_limits_themselves_are_accepted_and_so_is_leaving_everything_unset()
    {
        var lowest = new EntryOptions
        {
            TimeToLive = TimeSpan.FromTicks(1),
            NegativeTimeToLive = TimeSpan.FromTicks(1),
            Jitter = 0,
            Beta = 0,
            MaximumPayloadBytes = 1,
            CompressionThresholdBytes = 0,
            SchemaVersion = int.MinValue,
            StaleOnError = TimeSpan.FromTicks(1),
            SoftLoadTimeout = TimeSpan.FromTicks(1),
            HardLoadTimeout = TimeSpan.FromTicks(1),
        };
        var highest = new EntryOptions
        {
            TimeToLive = TimeSpan.FromDays(365),
            NegativeTimeToLive = TimeSpan.FromDays(365),
            Jitter = 0.5,
            Beta = 100,
            MaximumPayloadBytes = 512 * 1024 * 1024,
            CompressionThresholdBytes = int.MaxValue,
            SchemaVersion = int.MaxValue,
            StaleOnError = TimeSpan.FromDays(365),
            SoftLoadTimeout = TimeSpan.FromHours(1),
            HardLoadTimeout = TimeSpan.FromHours(1),
        };
        var unset = highest with
        {
            TimeToLive = null,
            NegativeTimeToLive = null,
            Jitter = null,
            Beta = null,
            MaximumPayloadBytes = null,
            CompressionThresholdBytes = null,
            SchemaVersion = null,
            StaleOnError = null,
            SoftLoadTimeout = null,
            HardLoadTimeout = null,
        };

        Assert.Equal(TimeSpan.FromTicks(1), lowest.TimeToLive);
        Assert.Equal(100, highest.Beta);
        Assert.Equal(new EntryOptions(), unset);
    }

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    public void A_policy_without_a_name_is_refused_at_once(string name) =>
        Assert.Equal("name", Assert.Throws<ArgumentException>(() => EntryOptions.Policy(name)).ParamName);

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(101)]
    public void A_number_of_attempts_out_of_range_is_refused_at_once(int value) =>
        AssertRefused("MaxAttempts", "from 1 to 100", "1 runs the callback once", () => new WriteOptions { MaxAttempts = value });

    [Fact]
    public void An_outcome_of_failed_fences_that_there_is_not_is_refused_at_once() =>
        AssertRefused("OnFenceFailure", "Proceed or Abort", "the store's setting holds", () => new WriteOptions { OnFenceFailure = (OnFenceFailure)7 });

    [Fact]
    public void A_malformed_key_to_be_written_through_is_refused_at_once_and_later_changes_of_the_list_do_not_count()
    {
        Assert.Equal("WriteThrough[1]", Assert.ThrowsAny<ArgumentException>(() => new WriteOptions { WriteThrough = ["a", ""] }).ParamName);
        Assert.Throws<ArgumentNullException>("WriteThrough", () => new WriteOptions { WriteThrough = null! });
        string[] keys = ["a"];
        var options = new WriteOptions { WriteThrough = keys };
        keys[0] = "b";
        Assert.Equal(["a"], options.WriteThrough);
        Assert.Empty(WriteOptions.Default.WriteThrough);
    }

    [Fact]
    public void A_write_runs_once_at_the_servers_own_isolation_level_unless_told_otherwise()
    {
        Assert.Equal(1, WriteOptions.Default.MaxAttempts);
        Assert.Equal(System.Data.IsolationLevel.Unspecified, WriteOptions.Default.IsolationLevel);
        Assert.Equal(100, new WriteOptions { MaxAttempts = 100 }.MaxAttempts);
    }

    [Fact]
    public void A_read_accepts_a_cached_value_of_a_master_unless_told_otherwise() =>
        Assert.Equal(new ReadOptions { SkipCache = false, AllowReplicas = false }, ReadOptions.Default);

    private static void AssertRefused(string parameter, string rule, string remedy, Func<object> create)
    {
        var thrown = Assert.Throws<ArgumentOutOfRangeException>(create);
        Assert.Equal(parameter, thrown.ParamName);
        Assert.StartsWith(parameter, thrown.Message, StringComparison.Ordinal);
        Assert.Contains(rule, thrown.Message, StringComparison.Ordinal);
        Assert.Contains(remedy, thrown.Message, StringComparison.Ordinal);
    }
}
