using HybridStore.Realtime.Registration;
using Microsoft.Extensions.DependencyInjection;

namespace HybridStore.Realtime.Tests;

/// <summary>The smallest service there can be.</summary>
internal sealed class ServiceUnderTest(RealtimeRoot root, ServiceUnderTestOptions options) : IRealtimeComponent
{
    public Redis.RedisLink Link { get; } = root.Links.For(options);

    public RealtimeServiceOptions Options => options;

    public bool IsDurable => true;

    public bool NeedsTables => true;

    public bool IsStarted { get; private set; }

    public static void Register(IHybridStoreBuilder builder, Action<ServiceUnderTestOptions>? configure = null) =>
        RealtimeRegistration.Add<ServiceUnderTest, ServiceUnderTest, ServiceUnderTestOptions>(
            builder, configure, static (root, options) => new ServiceUnderTest(root, options));

    public Task StartAsync(CancellationToken cancellationToken)
    {
        IsStarted = true;
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        IsStarted = false;
        return Task.CompletedTask;
    }
}

internal sealed class ServiceUnderTestOptions : RealtimeServiceOptions
{
    internal override string ServiceName => "things";

    internal override IEnumerable<string> Errors() => [];
}
