using System.Diagnostics;

namespace Storefront.Tour;

/// <summary>Waits for a state, not for a time.</summary>
internal static class Poll
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    /// <summary>True as soon as the condition holds; false if it has not by the deadline.</summary>
    public static async Task<bool> UntilAsync(
        Func<Task<bool>> condition, TimeSpan deadline, CancellationToken cancellationToken)
    {
        var startedAt = Stopwatch.GetTimestamp();
        while (!await condition())
        {
            if (Stopwatch.GetElapsedTime(startedAt) > deadline)
            {
                return false;
            }

            await Task.Delay(Pause, cancellationToken);
        }

        return true;
    }

    /// <inheritdoc cref="UntilAsync(Func{Task{bool}}, TimeSpan, CancellationToken)"/>
    public static Task<bool> UntilAsync(Func<bool> condition, TimeSpan deadline, CancellationToken cancellationToken) =>
        UntilAsync(() => Task.FromResult(condition()), deadline, cancellationToken);
}
