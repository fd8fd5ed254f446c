namespace HybridStore.Consistency.Workers;

/// <summary>One caller, who does one thing after the other.</summary>
internal sealed class Session(IApplication application, OperationLog log, int seed)
{
    // Where nothing works, histories would fill with failures.
    private static readonly TimeSpan AfterFailure = TimeSpan.FromMilliseconds(20);

    // One operation in so many is followed by a pause, so that loads overlap writes in different ways.
    private const int OperationsBetweenPauses = 8;
    private const int LongestPause = 6;

    public async Task RunAsync(CancellationToken stopping)
    {
        var random = new Random(seed);
        while (!stopping.IsCancellationRequested)
        {
            var pause = random.Next(OperationsBetweenPauses) == 0 ? random.Next(LongestPause) : 0;

            // A session's draws do not depend on how an operation went.
            var operation = new Random(random.Next());
            var failures = log.Failures;
            await application.OperateAsync(operation);
            if (log.Failures != failures)
            {
                await Task.Delay(AfterFailure, CancellationToken.None);
            }
            else if (pause > 0)
            {
                await Task.Delay(pause, CancellationToken.None);
            }
        }
    }
}
