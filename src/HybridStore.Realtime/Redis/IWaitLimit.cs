namespace HybridStore.Realtime.Redis;

/// <summary>For how long callers wait for each other's calls (<see cref="CallCombiner{TLane, TItem, TAnswer}"/>). Safe to use from any
/// thread.</summary>
internal interface IWaitLimit<TAnswer>
{
    /// <summary>What the clock shows.</summary>
    long Now { get; }

    /// <summary>Whether an answer says that there is no use in sending those who wait behind it.</summary>
    bool EndsWaits(TAnswer answer);

    /// <summary>Whether somebody has waited for long enough, and is not to be sent.</summary>
    /// <param name="since">When the wait began.</param>
    /// <param name="now">What the clock shows.</param>
    /// <param name="isUseless">Whether the call that was waited for has ended so (<see cref="EndsWaits"/>).</param>
    /// <param name="answer">What comes of it then.</param>
    bool IsOver(long since, long now, bool isUseless, out TAnswer answer);
}
