using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace HybridStore.Tests.Reading;

public sealed class LoadContextTests : IDisposable
{
    private readonly NpgsqlConnection _connection = new("Host=127.0.0.1;Port=1");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_context_can_be_made_over_a_connection_of_ones_own_which_stays_ones_own()
    {
        var context = new LoadContext(_connection, "user:1");

        Assert.Equal("user:1", context.Key);
        Assert.Empty(context.Tags);
        Assert.True(context.IsCacheable);
        Assert.Null(context.TimeToLive);
        Assert.Same(_connection, await context.OpenConnectionAsync(Cancellation));
        await context.ReleaseAsync();

        // Refused by the port, and not because it was disposed.
        await Assert.ThrowsAsync<NpgsqlException>(() => _connection.OpenAsync(Cancellation));
    }

    [Fact]
    public void Tags_are_kept_once_in_the_order_of_their_first_mention()
    {
        var context = new LoadContext(_connection);

        context.AddTag("org:7");
        context.AddTags("user:1", "org:7", "feature:x");
        context.AddTags();
        context.AddTag("ORG:7");

        Assert.Equal(["org:7", "user:1", "feature:x", "ORG:7"], context.Tags);
    }

    [Theory]
    [InlineData("")]
    [InlineData("org:\u0007")]
    [InlineData(null)]
    public void A_malformed_tag_is_refused(string? tag)
    {
        var context = new LoadContext(_connection);

        Assert.Equal("tag", Assert.ThrowsAny<ArgumentException>(() => context.AddTag(tag!)).ParamName);
        Assert.Empty(context.Tags);
    }

    [Fact]
    public void Of_several_tags_the_malformed_one_is_named_and_none_is_taken()
    {
        var context = new LoadContext(_connection);

        var thrown = Assert.Throws<ArgumentException>(() => context.AddTags("org:7", "user:1", new string('x', 1025)));

        Assert.Equal("tags[2]", thrown.ParamName);
        Assert.Contains("1,024 bytes", thrown.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(new string('x', 17), thrown.Message, StringComparison.Ordinal);
        Assert.Empty(context.Tags);
    }

    [Fact]
    public void A_load_may_set_the_time_to_live_and_take_it_back_and_may_decline_to_be_cached()
    {
        var context = new LoadContext(_connection) { TimeToLive = TimeSpan.FromSeconds(3) };
        Assert.Equal(TimeSpan.FromSeconds(3), context.TimeToLive);
        context.TimeToLive = null;
        Assert.Null(context.TimeToLive);

        context.DoNotCache();
        Assert.False(context.IsCacheable);
    }

    [Fact]
    public async Task Options_and_tokens_in_the_place_of_the_parameters_are_refused_before_anything_is_sent()
    {
        var context = new LoadContext(_connection);

        object misplaced = Cancellation;
        var token = await Assert.ThrowsAsync<ArgumentException>(
            "parameters", () => context.QuerySingleOrDefaultAsync<int>("select 1", misplaced, Cancellation).AsTask());
        Assert.Contains("cancellationToken: ...", token.Message, StringComparison.Ordinal);
        var options = await Assert.ThrowsAsync<ArgumentException>(
            "parameters", () => context.QueryAsync<int>("select 1", EntryOptions.Never, Cancellation).AsTask());
        Assert.Contains("options: ...", options.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Services_are_those_that_it_is_given_and_without_any_it_says_what_to_do()
    {
        using var services = new ServiceCollection().BuildServiceProvider();

        Assert.Same(services, new LoadContext(_connection, services: services).Services);
        var thrown = Assert.Throws<InvalidOperationException>(() => new LoadContext(_connection).Services);
        Assert.Contains("AddHybridStore", thrown.Message, StringComparison.Ordinal);
        Assert.Contains("new LoadContext(connection, services: provider)", thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Null_arguments_are_refused()
    {
        Assert.Throws<ArgumentNullException>("connection", () => new LoadContext(null!));
        Assert.Throws<ArgumentNullException>("key", () => new LoadContext(_connection, null!));
    }

    public void Dispose() => _connection.Dispose();
}
