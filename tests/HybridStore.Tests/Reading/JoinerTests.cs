namespace HybridStore.Tests.Reading;

/// <summary>What a caller may take of a load that had begun before it came.</summary>
public sealed class JoinerTests : IDisposable
{
    private readonly LoaderUnderTest _loader = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_late_caller_takes_the_value_that_the_cache_has_taken()
    {
        var gate = new TaskCompletionSource<int>();
        var first = _loader.ReadAsync("key", _ => gate.Task, Cancellation);
        var late = _loader.ReadAsync<int>("key", _ => throw new InvalidOperationException("loaded again"), Cancellation);

        gate.SetResult(1);

        Assert.Equal(1, await first);
        Assert.Equal(1, await late);
    }

    [Fact]
    public async Task A_late_caller_loads_again_where_the_cache_has_refused_the_value()
    {
        _loader.Redis.StoreAnswer = "fence";
        var gate = new TaskCompletionSource<int>();
        var first = _loader.ReadAsync("key", _ => gate.Task, Cancellation);
        var late = _loader.ReadAsync("key", _ => Task.FromResult(2), Cancellation);

        gate.SetResult(1);

        Assert.Equal(1, await first);
        Assert.Equal(2, await late);
    }

    public void Dispose() => _loader.Dispose();
}
