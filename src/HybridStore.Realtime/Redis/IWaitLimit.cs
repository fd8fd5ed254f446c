namespace HybridStore.Realtime.Redis;

/// <summary>For how long callers wait for each other's calls (<see cref="CallCombiner{TLane, TItem, TAnswer}"/>).</summary>
internal interface IWaitLimit<TAnswer>
{
    /// <summary>When somebody begins to wait.</summary>
    long Now { get; }

    /// <summary>Whether a call has ended without an answer.</summary>
    bool IsUnanswered(TAnswer ended);

    /// <summary>Whether somebody has waited for long enough, and is not to be sent.</summary>
    /// <param name="since">When the wait began.</param>
    /// <param name="isBehindUnanswered">Whether it was for a call that has ended without an answer.</param>
    /// <param name="answer">What comes of it then.</param>
    bool IsOver(long since, bool isBehindUnanswered, out TAnswer answer);
}
