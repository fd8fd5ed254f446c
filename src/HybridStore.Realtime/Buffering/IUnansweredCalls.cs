namespace HybridStore.Realtime.Buffering;

/// <summary>Finds out what became of a call that Redis has not answered, or sees to it.</summary>
internal interface IUnansweredCalls
{
    /// <param name="partition">Where it went.</param>
    /// <param name="entry">What it was to append.</param>
    /// <param name="waitingSince">When the first of its callers began to wait.</param>
    /// <param name="error">How it failed.</param>
    /// <param name="send">Sends it again, as the same call.</param>
    Task<AppendOutcome> ResolveAsync(int partition, byte[] entry, long waitingSince, Exception error, Func<Task<AppendAnswer>> send);
}
