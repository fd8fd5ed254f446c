using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace HybridStore.Tests.Journaling;

/// <summary>What is said about a watched table at registration.</summary>
public sealed class WatchTests
{
    [Fact]
    public void Watching_a_table_turns_the_journal_on_for_this_store_alone()
    {
        var services = new ServiceCollection();
        services.AddHybridStore();
        services.AddKeyedHybridStore("orders").Watch("orders", table => table.Key("order:{id}"));
        using var provider = services.BuildServiceProvider();
        var options = provider.GetRequiredService<IOptionsMonitor<HybridStoreOptions>>();

        Assert.True(options.Get("orders").Journal.Enabled);
        Assert.False(options.Get(string.Empty).Journal.Enabled);
    }

    [Fact]
    public void Each_store_has_a_schema_of_its_own()
    {
        var services = new ServiceCollection();
        services.AddHybridStore(Configure).Watch("users", table => table.Key("user:{id}"));
        services.AddKeyedHybridStore("orders", Configure).Watch("orders", table => table.Key("order:{id}"));
        using var provider = services.BuildServiceProvider();

        var script = provider.GetRequiredService<HybridStoreSchema>().GetInstallScript();
        var ofOrders = provider.GetRequiredKeyedService<HybridStoreSchema>("orders").GetInstallScript("app\"role");

        Assert.Contains("watch('\"users\"'", script, StringComparison.Ordinal);
        Assert.DoesNotContain("watch('\"orders\"'", script, StringComparison.Ordinal);
        Assert.DoesNotContain("grant", script, StringComparison.Ordinal);
        Assert.Contains("watch('\"orders\"'", ofOrders, StringComparison.Ordinal);
        Assert.Contains("to \"app\"\"role\";", ofOrders, StringComparison.Ordinal);
        Assert.DoesNotContain("{schema", ofOrders, StringComparison.Ordinal);
        Assert.DoesNotContain("{body}", ofOrders, StringComparison.Ordinal);

        static void Configure(HybridStoreOptions options)
        {
            options.PostgresConnectionString = "Host=nowhere";
            options.RedisConnectionString = "nowhere:6379";
        }
    }

    [Fact]
    public void A_table_is_watched_once()
    {
        var builder = new ServiceCollection().AddHybridStore().Watch("public.users", table => table.Key("user:{id}"));

        var refusal = Assert.Throws<ArgumentException>("table", () => builder.Watch("Public.\"users\"", table => table.Key("u:{id}")));

        Assert.Contains("is watched already", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Nothing_to_name_is_refused()
    {
        var refusal = Refused(static _ => { });

        Assert.Contains("name at least one key or tag", refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{id}", "nothing but a placeholder")]
    [InlineData("user:{id", "a brace without its partner")]
    [InlineData("user:{id:000}", "no identifier")]
    [InlineData("user:{id}:{ID}", "twice")]
    [InlineData("", "1 to 1024 bytes")]
    [InlineData("a\tb", "control characters")]
    public void A_template_that_is_not_well_formed_is_refused(string template, string because)
    {
        Assert.Contains(because, Refused(table => table.Key(template)).Message, StringComparison.Ordinal);
        Assert.Contains(because, Refused(table => table.Tag(template)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_column_is_named_once_for_a_placeholder_that_there_is()
    {
        Assert.Contains(
            "has the placeholder 'ID'", Refused(table => table.Key("user:{id}").Column("ID", "x")).Message, StringComparison.Ordinal);
        Assert.Contains(
            "has a column already", Refused(table => table.Key("user:{id}").Column("id", "x").Column("id", "y")).Message, StringComparison.Ordinal);
        Assert.Contains(
            "1 to 63 bytes", Refused(table => table.Key("user:{id}").Column("id", new string('x', 64))).Message, StringComparison.Ordinal);
        Assert.Contains("column", Refused(table => table.Key("user:{id}").Column("id", "")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Null_is_refused()
    {
        var builder = new ServiceCollection().AddHybridStore();

        Assert.Throws<ArgumentNullException>("table", () => builder.Watch(null!, table => table.Key("a:{b}")));
        Assert.Throws<ArgumentNullException>("configure", () => builder.Watch("users", null!));
        Assert.Throws<ArgumentNullException>("template", () => builder.Watch("users", table => table.Key((string)null!)));
        Assert.Throws<ArgumentNullException>("template", () => builder.Watch("users", table => table.Tag((KeyTemplate)null!)));
    }

    private static ArgumentException Refused(Action<WatchedTableBuilder> configure) => Assert.ThrowsAny<ArgumentException>(
        () => new ServiceCollection().AddHybridStore().Watch("users", configure));
}
