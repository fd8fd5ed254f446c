namespace HybridStore.Realtime.Tests.Sessions;

/// <summary>Waits for what is to happen, with a limit.</summary>
internal static class Eventually
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(15);

    public static async Task IsTrueAsync(Func<Task<bool>> condition)
    {
        using var limit = new CancellationTokenSource(Limit);
        while (!await condition())
        {
            await Task.Delay(20, limit.Token);
        }
    }

    /// <summary>Ends when a call does not find the sessions unavailable.</summary>
    public static Task AnswersAsync(Func<Task> call) => IsTrueAsync(async () =>
    {
        try
        {
            await call();
            return true;
        }
        catch (SessionStoreUnavailableException)
        {
            return false;
        }
    });
}
