using Microsoft.Extensions.Options;

namespace HybridStore.Realtime.Tests.Hosting;

public class RegistrationTests(ServersFixture fixture)
{
    [Fact]
    public async Task A_service_starts_and_stops_with_the_host()
    {
        await using var host = await RealtimeHost.StartAsync(fixture.Servers, builder => ServiceUnderTest.Register(builder));
        var service = host.Get<ServiceUnderTest>();

        Assert.True(service.IsStarted);
        await host.StopAsync();
        Assert.False(service.IsStarted);
    }

    [Fact]
    public async Task Services_of_one_store_share_its_connection_and_its_circuit()
    {
        await using var host = await RealtimeHost.StartAsync(fixture.Servers, builder => ServiceUnderTest.Register(builder));

        Assert.Same(host.Redis.Multiplexer, host.Get<ServiceUnderTest>().Link.Session!.Multiplexer);
    }

    [Fact]
    public async Task The_start_fails_where_the_tables_are_missing_and_says_what_to_do()
    {
        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => RealtimeHost.StartAsync(
            fixture.Servers,
            builder =>
            {
                ServiceUnderTest.Register(builder);
                Microsoft.Extensions.DependencyInjection.HybridStoreRealtimeBuilderExtensions.ConfigureRealtime(
                    builder, realtime => realtime.InstallAtStart = false);
            }));

        Assert.Contains("GetInstallScript", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_tables_can_be_installed_as_often_as_one_likes_in_a_schema_of_any_name()
    {
        const string Name = "O'Re\"illy";
        await using var host = await RealtimeHost.StartAsync(
            fixture.Servers,
            builder =>
            {
                ServiceUnderTest.Register(builder);
                Microsoft.Extensions.DependencyInjection.HybridStoreRealtimeBuilderExtensions.ConfigureRealtime(
                    builder, realtime => realtime.Schema = Name);
            });
        await host.Get<RealtimeSchema>().InstallAsync(TestContext.Current.CancellationToken);
        await host.ExecuteAsync(host.Get<RealtimeSchema>().GetInstallScript("postgres"));

        Assert.Equal(1, await host.ScalarAsync<int>("""select version from "O'Re""illy".version"""));
    }

    [Theory]
    [InlineData("two words")]
    [InlineData("{brace}")]
    [InlineData("")]
    public async Task A_prefix_that_would_break_names_is_refused_at_start(string prefix)
    {
        var error = await Assert.ThrowsAsync<OptionsValidationException>(() => RealtimeHost.StartAsync(
            fixture.Servers, builder => ServiceUnderTest.Register(builder, options => options.KeyPrefix = prefix)));

        Assert.Contains("things: KeyPrefix must have 1 to 64 characters", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_connection_string_that_is_not_understood_is_refused_at_start_without_being_quoted()
    {
        var error = await Assert.ThrowsAsync<OptionsValidationException>(() => RealtimeHost.StartAsync(
            fixture.Servers, builder => ServiceUnderTest.Register(builder, options => options.UseRedis("redis:6379,password=secret,ssl=perhaps"))));

        Assert.Contains("RedisConnectionString is not understood", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", error.Message, StringComparison.Ordinal);
    }
}
