using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using HybridStore.Servers;
using Microsoft.Extensions.DependencyInjection;

namespace HybridStore.Realtime.Tests.Hosting;

public class TelemetryTests
{
    private const string Secret = "ada.lovelace@example.org";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Calls_are_measured_and_traced_without_a_word_about_anybody()
    {
        await using var servers = await TestServers.StartAsync(new TestServersOptions { Controllable = true }, Cancellation);
        await using var host = await RealtimeHost.StartAsync(
            servers,
            builder => builder.AddRateLimits().AddRollingCounters(counters => counters.Add("test")),
            options => options.RedisTimeout = TimeSpan.FromMilliseconds(500));
        using var recorder = new Recorder();
        using var caller = new Activity("caller").Start();
        Activity? seen;
        using (await host.Get<IRateLimits>().For(RateLimitsOptions.DefaultPolicy, Secret).AcquireAsync(1, Cancellation))
        {
            seen = Activity.Current;
        }

        await host.Get<IRollingCounters>().Get("test").IncrementAsync(Secret, 1, Cancellation);
        await servers.Redis.StopAsync(Cancellation);
        await host.Get<IRollingCounters>().Get("test").IncrementAsync(Secret, 1, Cancellation);

        Assert.Same(caller, seen);
        Assert.Contains(recorder.Measured, tags => Is(tags, "rate_limits", "acquire", "ok"));
        Assert.Contains(recorder.Measured, tags => Is(tags, "counters", "count", "ok"));
        Assert.Contains(recorder.Measured, tags => Is(tags, "counters", "count", "failed"));
        Assert.All(recorder.Measured.SelectMany(tags => tags), tag => Assert.DoesNotContain("lovelace", tag.Value, StringComparison.OrdinalIgnoreCase));
        var spans = recorder.Spans.Where(span => span.TraceId == caller.TraceId).ToList();
        Assert.Equal(
            ["hybridstore.counters.count", "hybridstore.counters.count", "hybridstore.rate_limits.acquire"],
            spans.Select(span => span.OperationName).Order());
        Assert.All(spans, span => Assert.Equal(caller.SpanId, span.ParentSpanId));
        Assert.Equal(1, spans.Count(span => span.Status == ActivityStatusCode.Error));
        Assert.All(
            spans.SelectMany(span => span.TagObjects),
            tag => Assert.DoesNotContain("lovelace", $"{tag.Value}", StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public async Task Instruments_say_what_they_are()
    {
        var instruments = new ConcurrentBag<Instrument>();
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, _) =>
        {
            if (instrument.Meter.Name == HybridStoreTelemetry.MeterName)
            {
                instruments.Add(instrument);
            }
        };
        listener.Start();
        await using var servers = await TestServers.StartAsync(cancellationToken: Cancellation);
        await using var host = await RealtimeHost.StartAsync(
            servers, builder => builder.AddRateLimits().AddRollingCounters(counters => counters.Add("test")));

        Assert.Contains(instruments, instrument => instrument.Name == "hybridstore.realtime.duration");
        Assert.Contains(instruments, instrument => instrument.Name == "hybridstore.rate_limit.leases");
        Assert.All(instruments, instrument =>
        {
            Assert.StartsWith("hybridstore.", instrument.Name, StringComparison.Ordinal);
            Assert.False(string.IsNullOrWhiteSpace(instrument.Description), $"{instrument.Name} has no description.");
            Assert.False(string.IsNullOrWhiteSpace(instrument.Unit), $"{instrument.Name} has no unit.");
        });
    }

    private static bool Is(Dictionary<string, string> tags, string service, string operation, string result) =>
        tags["hybridstore.service"] == service && tags["hybridstore.operation"] == operation && tags["hybridstore.result"] == result
        && tags["hybridstore.store"] == "default";

    private sealed class Recorder : IDisposable
    {
        private readonly MeterListener _meters = new();
        private readonly ActivityListener _spans;

        public Recorder()
        {
            _meters.InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Name == "hybridstore.realtime.duration")
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            };
            _meters.SetMeasurementEventCallback<double>((_, _, tags, _) => Measured.Add(
                tags.ToArray().ToDictionary(tag => tag.Key, tag => (string)tag.Value!)));
            _meters.Start();
            _spans = new ActivityListener
            {
                ShouldListenTo = source => source.Name == HybridStoreTelemetry.ActivitySourceName,
                Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
                ActivityStopped = Spans.Add,
            };
            ActivitySource.AddActivityListener(_spans);
        }

        public ConcurrentBag<Dictionary<string, string>> Measured { get; } = [];

        public ConcurrentBag<Activity> Spans { get; } = [];

        public void Dispose()
        {
            _meters.Dispose();
            _spans.Dispose();
        }
    }
}
