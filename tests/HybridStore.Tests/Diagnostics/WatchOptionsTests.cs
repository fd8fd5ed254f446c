using System.Globalization;

namespace HybridStore.Tests.Diagnostics;

public class WatchOptionsTests
{
    [Fact]
    public void The_defaults_are_valid()
    {
        Assert.Empty(new ServerWatchOptions().Validate());
        Assert.Empty(new HealthOptions().Validate());
    }

    [Theory]
    [InlineData("00:00:00", true)]
    [InlineData("00:00:01", true)]
    [InlineData("01:00:00", true)]
    [InlineData("00:00:00.9", false)]
    [InlineData("01:00:01", false)]
    [InlineData("-00:00:10", false)]
    public void Servers_are_asked_between_every_second_and_every_hour_or_never(string interval, bool isValid) => Assert.Equal(
        isValid, !new ServerWatchOptions { Interval = TimeSpan.Parse(interval, CultureInfo.InvariantCulture) }.Validate().Any());

    [Theory]
    [InlineData(0.01, true)]
    [InlineData(1, true)]
    [InlineData(0.009, false)]
    [InlineData(1.1, false)]
    [InlineData(double.NaN, false)]
    public void A_drop_is_a_part_of_the_baseline(double drop, bool isValid) =>
        Assert.Equal(isValid, !new ServerWatchOptions { HitRateDrop = drop }.Validate().Any());

    [Fact]
    public void Each_setting_outside_its_range_is_named()
    {
        string[] errors =
        [
            .. new ServerWatchOptions
            {
                Interval = TimeSpan.FromDays(1),
                HitRateDrop = 2,
                LeastReads = 0,
                BaselineHalfLife = TimeSpan.FromSeconds(59),
            }.Validate(),
            .. new HealthOptions { JournalLag = TimeSpan.FromHours(2), ProbeTimeout = TimeSpan.FromMilliseconds(99) }.Validate(),
        ];

        Assert.Equal(
            [
                "ServerWatch.Interval", "ServerWatch.HitRateDrop", "ServerWatch.LeastReads", "ServerWatch.BaselineHalfLife",
                "Health.JournalLag", "Health.ProbeTimeout",
            ],
            errors.Select(error => error.Split(' ')[0]));
        Assert.All(errors, error => Assert.Contains("; the default is ", error, StringComparison.Ordinal));
    }
}
