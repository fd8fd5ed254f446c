using HybridStore.Diagnostics.Health;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Time.Testing;

namespace HybridStore.Tests.Diagnostics;

public class StoreHealthCheckTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(5);

    private readonly FakeTimeProvider _time = new();
    private readonly RecordingLogger _logger = new();

    [Fact]
    public async Task The_worst_answer_is_the_result_the_worst_problem_comes_first_and_all_figures_are_told()
    {
        var result = await CheckAsync(
            new Probe(_ => Task.FromResult(ProbeAnswer.Well(("one", 1)))),
            new Probe(_ => Task.FromResult(ProbeAnswer.Degraded("It is slow.", ("two", 2)))),
            new Probe(_ => Task.FromResult(ProbeAnswer.Down("It is down.", ("three", 3)))));

        Assert.Equal(HealthStatus.Unhealthy, result.Status);
        Assert.Equal("It is down. It is slow.", result.Description);
        Assert.Equal(["one", "three", "two"], result.Data.Keys.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Where_nothing_is_wrong_it_says_so()
    {
        var result = await CheckAsync(new Probe(_ => Task.FromResult(ProbeAnswer.Well())));

        Assert.Equal(HealthStatus.Healthy, result.Status);
        Assert.Equal("The store is well.", result.Description);
    }

    [Fact]
    public async Task A_failure_is_what_the_probe_makes_of_it_and_its_message_is_not_shown()
    {
        var result = await CheckAsync(new Probe(_ => throw new InvalidOperationException("user:secret@example.org")));

        Assert.Equal(HealthStatus.Degraded, result.Status);
        Assert.Equal("No answer: InvalidOperationException.", result.Description);
        var log = await _logger.NextAsync();
        Assert.Equal(Microsoft.Extensions.Logging.LogLevel.Debug, log.Level);
    }

    [Fact]
    public async Task A_probe_that_does_not_end_is_left_behind_when_its_time_is_over()
    {
        var never = new TaskCompletionSource<ProbeAnswer>();
        var checking = CheckAsync(new Probe(_ => never.Task), new Probe(_ => Task.FromResult(ProbeAnswer.Well(("one", 1)))));
        _time.Advance(Limit - TimeSpan.FromMilliseconds(1));
        Assert.False(checking.IsCompleted);

        _time.Advance(TimeSpan.FromMilliseconds(1));

        var result = await checking;
        Assert.Equal("No answer: not within 5 s.", result.Description);
        Assert.Equal(1, result.Data["one"]);
    }

    [Fact]
    public async Task All_probes_look_at_the_same_time()
    {
        var second = new TaskCompletionSource<ProbeAnswer>();

        var result = await CheckAsync(new Probe(_ => second.Task), new Probe(_ =>
        {
            second.SetResult(ProbeAnswer.Well(("first", 1)));
            return Task.FromResult(ProbeAnswer.Well(("second", 2)));
        }));

        Assert.Equal(2, result.Data.Count);
    }

    [Fact]
    public async Task Who_asks_may_end_it()
    {
        using var ending = new CancellationTokenSource();
        var checking = RunAsync([new Probe(_ => new TaskCompletionSource<ProbeAnswer>().Task)], ending.Token);

        await ending.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => checking);
    }

    private Task<HealthCheckResult> CheckAsync(params IHealthProbe[] probes) => RunAsync(probes, CancellationToken.None);

    private Task<HealthCheckResult> RunAsync(IHealthProbe[] probes, CancellationToken cancellationToken)
    {
        var check = new StoreHealthCheck(probes, Limit, _time, _logger);
        var context = new HealthCheckContext { Registration = new HealthCheckRegistration("store", check, null, null) };
        return check.CheckHealthAsync(context, cancellationToken);
    }

    private sealed class Probe(Func<CancellationToken, Task<ProbeAnswer>> look) : IHealthProbe
    {
        public async Task<ProbeAnswer> ProbeAsync(CancellationToken cancellationToken) => await look(cancellationToken);

        public ProbeAnswer Unanswered(string failure) => ProbeAnswer.Degraded($"No answer: {failure}.");
    }
}
