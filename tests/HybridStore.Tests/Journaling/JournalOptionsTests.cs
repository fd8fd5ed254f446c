namespace HybridStore.Tests.Journaling;

public sealed class JournalOptionsTests
{
    [Fact]
    public void The_defaults_are_valid() => Assert.Empty(new JournalOptions().Validate());

    [Fact]
    public void Each_setting_outside_its_range_is_named()
    {
        var errors = new JournalOptions
        {
            Schema = "",
            MarkInterval = TimeSpan.FromMilliseconds(9),
            Retention = TimeSpan.FromSeconds(59),
            RowLimit = 0,
            DurableWrites = true,
        }.Validate().ToArray();

        Assert.Equal(5, errors.Length);
        foreach (var name in (string[])["Schema", "MarkInterval", "Retention", "RowLimit", "DurableWrites"])
        {
            Assert.Contains(errors, error => error.StartsWith($"Journal.{name} ", StringComparison.Ordinal));
        }
    }

    [Fact]
    public void A_bound_is_above_zero()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new ReadOptions { MaxStaleness = TimeSpan.Zero });
        Assert.Null(ReadOptions.Default.MaxStaleness);
    }

    [Fact]
    public void A_durability_is_one_of_two() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new WriteOptions { Durability = (InvalidationDurability)7 });
}
