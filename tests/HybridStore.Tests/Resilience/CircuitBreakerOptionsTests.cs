using HybridStore.Resilience;
using Microsoft.Extensions.Configuration;

namespace HybridStore.Tests.Resilience;

public class CircuitBreakerOptionsTests
{
    [Fact]
    public void The_defaults_are_three_failures_in_ten_seconds_and_a_break_of_thirty()
    {
        var options = new CircuitBreakerOptions();

        Assert.Equal(3, options.FailureThreshold);
        Assert.Equal(TimeSpan.FromSeconds(10), options.FailureWindow);
        Assert.Equal(TimeSpan.FromSeconds(30), options.BreakDuration);
        Assert.Empty(options.Validate());
    }

    [Fact]
    public void They_bind_from_configuration()
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["FailureThreshold"] = "5",
            ["FailureWindow"] = "00:00:04",
            ["BreakDuration"] = "00:01:00",
        }).Build();

        var options = configuration.Get<CircuitBreakerOptions>()!;

        Assert.Equal(5, options.FailureThreshold);
        Assert.Equal(TimeSpan.FromSeconds(4), options.FailureWindow);
        Assert.Equal(TimeSpan.FromMinutes(1), options.BreakDuration);
    }

    [Theory]
    [InlineData(1, 0.001, 0.5)]
    [InlineData(1000, 86_400, 86_400)]
    public void The_limits_themselves_are_accepted_by_the_breaker_too(int threshold, double window, double breakDuration)
    {
        var options = Create(threshold, window, breakDuration);

        Assert.Empty(options.Validate());
        Assert.False(new RedisCircuitBreaker(options, TimeSpan.FromMilliseconds(10), TimeProvider.System).IsOpen);
        Assert.False(new RedisCircuitBreaker(options, TimeSpan.FromDays(1), TimeProvider.System).IsOpen);
    }

    [Theory]
    [InlineData(0, 10, 30, "CircuitBreaker.FailureThreshold must be from 1 to 1000 failures, but is 0. Set it to")]
    [InlineData(-1, 10, 30, "CircuitBreaker.FailureThreshold must be from 1 to 1000 failures, but is -1. Set it to")]
    [InlineData(1001, 10, 30, "CircuitBreaker.FailureThreshold must be from 1 to 1000 failures, but is 1001. Set it to")]
    [InlineData(3, 0, 30, "CircuitBreaker.FailureWindow must be from 00:00:00.0010000 to 1.00:00:00, but is 00:00:00. Set it to")]
    [InlineData(3, -1, 30, "CircuitBreaker.FailureWindow must be from 00:00:00.0010000 to 1.00:00:00, but is -00:00:01. Set it")]
    [InlineData(3, 86_401, 30, "CircuitBreaker.FailureWindow must be from 00:00:00.0010000 to 1.00:00:00, but is 1.00:00:01.")]
    [InlineData(3, 10, 0.4, "CircuitBreaker.BreakDuration must be from 00:00:00.5000000 to 1.00:00:00, but is 00:00:00.4000000.")]
    [InlineData(3, 10, 86_401, "CircuitBreaker.BreakDuration must be from 00:00:00.5000000 to 1.00:00:00, but is 1.00:00:01.")]
    public void A_broken_rule_names_the_option_the_rule_and_the_remedy(
        int threshold, double window, double breakDuration, string start)
    {
        var options = Create(threshold, window, breakDuration);

        var error = Assert.Single(options.Validate());

        Assert.StartsWith(start, error, StringComparison.Ordinal);
        Assert.Contains("Set it to", error, StringComparison.Ordinal);
        var thrown = Assert.Throws<ArgumentException>(
            () => new RedisCircuitBreaker(options, CircuitUnderTest.Timeout, TimeProvider.System));
        Assert.Equal("options", thrown.ParamName);
        Assert.StartsWith(error, thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_broken_rule_is_told() => Assert.Equal(3, Create(0, 0, 0).Validate().Count());

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(9)]
    [InlineData(86_400_001)]
    public void A_timeout_out_of_range_is_refused(double milliseconds)
    {
        var thrown = Assert.Throws<ArgumentOutOfRangeException>(() => new RedisCircuitBreaker(
            new CircuitBreakerOptions(), TimeSpan.FromMilliseconds(milliseconds), TimeProvider.System));

        Assert.Equal("timeout", thrown.ParamName);
        Assert.Contains("Set it to", thrown.Message, StringComparison.Ordinal);
    }

    private static CircuitBreakerOptions Create(int threshold, double window, double breakDuration) => new()
    {
        FailureThreshold = threshold,
        FailureWindow = TimeSpan.FromSeconds(window),
        BreakDuration = TimeSpan.FromSeconds(breakDuration),
    };
}
