using HybridStore.Consistency.Keys;
using Microsoft.Extensions.DependencyInjection;

namespace HybridStore.Consistency.Workers;

/// <summary>How the soaked store is set up.</summary>
internal static class StoreSetup
{
    public static void Add(IServiceCollection services, string postgres, string redis, string prefix) => services
        .AddHybridStore(options =>
        {
            options.PostgresConnectionString = postgres;
            options.RedisConnectionString = redis;
            options.KeyPrefix = prefix;
            options.FenceTtl = Lifetimes.FenceTtl;

            // A machine that has too much to do is no outage.
            options.RedisTimeout = TimeSpan.FromMilliseconds(400);
            options.LeaseDuration = TimeSpan.FromSeconds(2);
            options.LeaseWait = TimeSpan.FromMilliseconds(200);
            options.Defaults = new EntryOptions { Jitter = Lifetimes.Jitter };

            // Outages are many, and the time between them is to be used.
            options.CircuitBreaker.BreakDuration = TimeSpan.FromMilliseconds(500);
            options.InvalidationRetry.InitialDelay = TimeSpan.FromMilliseconds(5);
            options.InvalidationRetry.MaximumDelay = TimeSpan.FromMilliseconds(100);
            options.JanitorInterval = TimeSpan.FromSeconds(10);
            options.Journal.MarkInterval = TimeSpan.FromMilliseconds(100);
        })

        // Of what a row is shown by: its own key by name, all else by the tag of its group.
        .Watch("item", item => item.Key("item:{watched_id}").Tag("group:{watched_group}"));

    /// <summary>Once, before anybody starts.</summary>
    public static async Task InstallJournalAsync(string postgres, string redis, string prefix, CancellationToken cancellationToken)
    {
        var services = new ServiceCollection();
        services.AddLogging();
        Add(services, postgres, redis, prefix);
        await using var provider = services.BuildServiceProvider();
        await provider.GetRequiredService<HybridStoreSchema>().InstallAsync(cancellationToken);
    }
}
