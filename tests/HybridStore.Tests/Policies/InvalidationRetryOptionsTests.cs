namespace HybridStore.Tests.Policies;

public class InvalidationRetryOptionsTests
{
    [Fact]
    public void The_defaults_are_a_hundred_thousand_names_and_pauses_from_a_tenth_of_a_second_to_five()
    {
        var options = new InvalidationRetryOptions();

        Assert.Equal(100_000, options.Capacity);
        Assert.Equal(TimeSpan.FromMilliseconds(100), options.InitialDelay);
        Assert.Equal(TimeSpan.FromSeconds(5), options.MaximumDelay);
        Assert.Empty(options.Validate());
    }

    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(10_000_000, 60_000, 600_000)]
    public void The_limits_themselves_are_accepted(int capacity, double initial, double maximum) =>
        Assert.Empty(Create(capacity, initial, maximum).Validate());

    [Theory]
    [InlineData(0, 100, 5000, "InvalidationRetry.Capacity must be from 1 to 10,000,000")]
    [InlineData(-1, 100, 5000, "InvalidationRetry.Capacity must be from 1 to 10,000,000")]
    [InlineData(10_000_001, 100, 5000, "InvalidationRetry.Capacity must be from 1 to 10,000,000")]
    [InlineData(1, 0, 5000, "InvalidationRetry.InitialDelay must be from 1 ms to 1 minute")]
    [InlineData(1, -1, 5000, "InvalidationRetry.InitialDelay must be from 1 ms to 1 minute")]
    [InlineData(1, 60_001, 600_000, "InvalidationRetry.InitialDelay must be from 1 ms to 1 minute")]
    [InlineData(1, 100, 99, "InvalidationRetry.MaximumDelay must be from InitialDelay to 10 minutes")]
    [InlineData(1, 100, 600_001, "InvalidationRetry.MaximumDelay must be from InitialDelay to 10 minutes")]
    public void A_broken_rule_names_the_option_the_rule_and_the_default(int capacity, double initial, double maximum, string start)
    {
        var error = Assert.Single(Create(capacity, initial, maximum).Validate());

        Assert.StartsWith(start, error, StringComparison.Ordinal);
        Assert.Contains("the default is", error, StringComparison.Ordinal);
    }

    private static InvalidationRetryOptions Create(int capacity, double initial, double maximum) => new()
    {
        Capacity = capacity,
        InitialDelay = TimeSpan.FromMilliseconds(initial),
        MaximumDelay = TimeSpan.FromMilliseconds(maximum),
    };
}
