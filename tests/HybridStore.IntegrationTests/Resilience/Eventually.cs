using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace HybridStore.IntegrationTests.Resilience;

/// <summary>Waits for what happens in the background. The limit only ends a test that has failed.</summary>
internal static class Eventually
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(10);

    public static Task HappensAsync(Func<bool> condition, [CallerArgumentExpression(nameof(condition))] string what = "") =>
        HappensAsync(() => Task.FromResult(condition()), what);

    public static async Task HappensAsync(
        Func<Task<bool>> condition, [CallerArgumentExpression(nameof(condition))] string what = "")
    {
        var started = Stopwatch.GetTimestamp();
        while (!await condition())
        {
            Assert.True(Stopwatch.GetElapsedTime(started) < Limit, $"Within {Limit:c} this did not happen: {what}.");
            await Task.Delay(Pause, TestContext.Current.CancellationToken);
        }
    }

    /// <summary>What a call returns once it does not fail with an exception of a type any more.</summary>
    public static async Task<T> SucceedsAsync<TException, T>(
        Func<Task<T>> call, [CallerArgumentExpression(nameof(call))] string what = "")
        where TException : Exception
    {
        var result = default(T)!;
        await HappensAsync(
            async () =>
            {
                try
                {
                    result = await call();
                    return true;
                }
                catch (TException)
                {
                    return false;
                }
            },
            what);
        return result;
    }
}
