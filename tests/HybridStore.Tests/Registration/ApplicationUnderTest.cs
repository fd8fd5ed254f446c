using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace HybridStore.Tests.Registration;

/// <summary>Real hosts, over servers that are not there: nobody listens on port 1.</summary>
internal static class ApplicationUnderTest
{
    public const string NoPostgres = "Host=127.0.0.1;Port=1;Username=app;Password=s3cret-of-postgres;Timeout=5";
    public const string NoRedis = "127.0.0.1:1,password=s3cret-of-redis";

    public static HostApplicationBuilder Create()
    {
        var builder = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Logging.AddFakeLogging();
        return builder;
    }

    public static IConfiguration Json(string json) =>
        new ConfigurationBuilder().AddJsonStream(new MemoryStream(System.Text.Encoding.UTF8.GetBytes(json))).Build();

    /// <summary>The options as the store gets them.</summary>
    public static HybridStoreOptions OptionsOf(IServiceProvider services, string name = "") =>
        services.GetRequiredService<IOptionsMonitor<HybridStoreOptions>>().Get(name);

    /// <summary>Starts an application whose settings are wrong.</summary>
    public static async Task<OptionsValidationException> StartInvalidAsync(Action<IServiceCollection> register)
    {
        var builder = Create();
        register(builder.Services);
        using var host = builder.Build();
        return await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync(TestContext.Current.CancellationToken));
    }
}
