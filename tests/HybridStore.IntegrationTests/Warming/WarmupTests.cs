using HybridStore.IntegrationTests.Resilience;
using HybridStore.Reading.Warming;
using HybridStore.Servers;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace HybridStore.IntegrationTests.Warming;

/// <summary>Warm-ups that run when they are due.</summary>
public sealed class WarmupTests(ServersFixture servers)
{
    private static readonly string Name = typeof(ThreeItems).ToString();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_warm_up_runs_at_start_in_a_scope_of_its_own()
    {
        await using var test = await StartAsync();

        await test.Warmed.RunsAsync(1);

        await AssertWarmAsync(test.Host);
        Assert.Equal(1, test.Warmed.Scopes);
    }

    [Fact]
    public async Task After_a_flush_it_runs_again()
    {
        await using var test = await StartAsync();
        await test.Warmed.RunsAsync(1);

        await test.Host.Store.FlushAsync(Cancellation);

        await test.Warmed.RunsAsync(2);
        await AssertWarmAsync(test.Host);
        Assert.Equal(2, test.Warmed.Scopes);
    }

    [Fact]
    public async Task Redis_that_has_lost_its_data_is_warmed_again_though_nobody_reads()
    {
        await using var own = await TestServers.StartAsync(cancellationToken: Cancellation);
        await using var test = await StartAsync(new SingleServers(own));
        await test.Warmed.RunsAsync(1);

        await test.Host.RedisAsync("FLUSHALL");

        await test.Warmed.RunsAsync(2);
        await AssertWarmAsync(test.Host);
    }

    [Fact]
    public async Task A_warm_up_that_fails_is_told_and_tried_again()
    {
        await using var test = await StartAsync(failures: 2);

        await test.Warmed.RunsAsync(3);

        await AssertWarmAsync(test.Host);
        Assert.Equal(2, test.Host.Logs.GetSnapshot().Count(record => record.Id.Id == 2324));
    }

    [Fact]
    public async Task It_runs_on_its_schedule_and_loads_only_what_is_missing()
    {
        await using var test = await StartAsync(configure: static options => (options.AtStart, options.Interval) = (false, TimeSpan.FromSeconds(1)));

        await test.Warmed.RunsAsync(2);

        Assert.Equal(3, test.Warmed.Loaded);
        Assert.Equal(3, test.Warmed.Latest!.AlreadyCached);
    }

    [Fact]
    public async Task Processes_that_warm_the_same_ids_share_the_work()
    {
        await using var first = await StartAsync();
        await first.Warmed.RunsAsync(1);
        await using var second = await StartAsync(besides: first.Host);

        await second.Warmed.RunsAsync(1);

        Assert.Equal(0, second.Warmed.Loaded);
        Assert.Equal(3, second.Warmed.Latest!.AlreadyCached);
    }

    [Fact]
    public async Task Who_warms_a_filled_cache_once_more_does_not_make_it_look_lost_to_others()
    {
        await using var first = await StartAsync();
        await first.Warmed.RunsAsync(1);
        var marks = first.Host.Root.WarmMarks!;
        await Eventually.HappensAsync(async () => await marks.IsCacheLostAsync(Name) is false, "the cache counts as filled");
        await using var second = await StartAsync(besides: first.Host);

        Assert.Equal(second.Host.Generation.Text, await second.Host.Root.WarmMarks!.BeginAsync(Name));

        Assert.False(await marks.IsCacheLostAsync(Name));
    }

    [Fact]
    public async Task A_warm_up_that_has_begun_and_does_not_end_is_done_by_others()
    {
        await using var host = await StoreHost.StartAsync(servers);
        var marks = host.Root.WarmMarks!;

        var generation = await marks.BeginAsync("some");
        Assert.True(await marks.IsCacheLostAsync("some"));
        await marks.EndAsync("some", generation!);
        Assert.False(await marks.IsCacheLostAsync("some"));
        await host.Store.FlushAsync(Cancellation);
        Assert.True(await marks.IsCacheLostAsync("some"));
        await marks.EndAsync("some", generation!);
        Assert.True(await marks.IsCacheLostAsync("some"));
    }

    [Fact]
    public void A_warm_up_that_would_never_run_or_out_of_range_is_refused_at_registration()
    {
        var builder = new ServiceCollection().AddHybridStore();

        Assert.Throws<ArgumentException>(() => builder.AddWarmup<ThreeItems>(
            static options => (options.AtStart, options.AfterCacheLoss) = (false, false)));
        Assert.Throws<ArgumentOutOfRangeException>(() => builder.AddWarmup<ThreeItems>(static options => options.Interval = TimeSpan.Zero));
        Assert.Throws<ArgumentOutOfRangeException>(() => builder.AddWarmup<ThreeItems>(static options => options.Watching = TimeSpan.Zero));
        Assert.Throws<ArgumentOutOfRangeException>(() => builder.AddWarmup<ThreeItems>(static options => options.RetryDelay = TimeSpan.Zero));
        Assert.Throws<ArgumentOutOfRangeException>(() => builder.AddWarmup<ThreeItems>(static options => options.Spread = TimeSpan.FromDays(2)));
    }

    private static async Task AssertWarmAsync(StoreHost host)
    {
        await host.SettleAsync();
        for (var id = 1; id <= 3; id++)
        {
            Assert.Equal(id, (await host.Store.TryGetAsync<int>($"item:{id}", cancellationToken: Cancellation)).Value);
        }
    }

    private async Task<Running> StartAsync(
        IStoreServers? own = null, int failures = 0, Action<WarmupOptions>? configure = null, StoreHost? besides = null)
    {
        var warmed = new Warmed { Failures = failures };
        var host = await StoreHost.StartAsync(
            own ?? servers,
            register: (services, builder) =>
            {
                services.AddSingleton(warmed);
                services.AddScoped<PerScope>();
                builder.AddWarmup<ThreeItems>(options =>
                {
                    options.Watching = options.RetryDelay = TimeSpan.FromSeconds(1);
                    options.Spread = TimeSpan.Zero;
                    configure?.Invoke(options);
                });
            },
            besides: besides);
        var services = host.Services.GetServices<IHostedService>().OfType<WarmupService<ThreeItems>>().ToList();
        await Assert.Single(services).StartAsync(Cancellation);
        return new Running(host, services[0], warmed);
    }

    private sealed record Running(StoreHost Host, IHostedService Service, Warmed Warmed) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            await Service.StopAsync(CancellationToken.None);
            await Host.DisposeAsync();
        }
    }

    private sealed class PerScope;

    /// <summary>What has been done.</summary>
    private sealed class Warmed
    {
        private readonly HashSet<PerScope> _scopes = [];
        private int _runs;

        public int Failures { get; init; }

        public int Loaded { get; set; }

        public WarmProgress? Latest { get; set; }

        public int Scopes => _scopes.Count;

        public int Begin(PerScope scope)
        {
            _scopes.Add(scope);
            return _scopes.Count;
        }

        public void End() => Interlocked.Increment(ref _runs);

        public Task RunsAsync(int runs) => Eventually.HappensAsync(() => Volatile.Read(ref _runs) >= runs, $"the warm-up has run {runs} times");
    }

    private sealed class ThreeItems(Warmed warmed, PerScope scope) : ICacheWarmup
    {
        public async Task WarmAsync(IHybridStore store, CancellationToken cancellationToken = default)
        {
            var run = warmed.Begin(scope);
            try
            {
                warmed.Latest = await store.WarmAsync(
                    Enumerable.Range(1, 3).ToAsyncEnumerable(),
                    static id => $"item:{id}",
                    (missing, _, _) =>
                    {
                        warmed.Loaded += missing.Count;
                        return run <= warmed.Failures
                            ? throw new TimeZoneNotFoundException()
                            : ValueTask.FromResult<IReadOnlyList<int>>([.. missing]);
                    },
                    static id => id,
                    cancellationToken: cancellationToken);
            }
            finally
            {
                warmed.End();
            }
        }
    }
}
