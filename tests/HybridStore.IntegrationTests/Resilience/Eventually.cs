using System.Diagnostics;

namespace HybridStore.IntegrationTests.Resilience;

/// <summary>Waits for what happens in the background. The limit only ends a test that has failed.</summary>
internal static class Eventually
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(10);

    public static Task HappensAsync(Func<bool> condition, string what) => HappensAsync(() => Task.FromResult(condition()), what);

    public static async Task HappensAsync(Func<Task<bool>> condition, string what)
    {
        var started = Stopwatch.GetTimestamp();
        while (!await condition())
        {
            Assert.True(Stopwatch.GetElapsedTime(started) < Limit, $"Within {Limit:c} this did not happen: {what}.");
            await Task.Delay(Pause, TestContext.Current.CancellationToken);
        }
    }
}
