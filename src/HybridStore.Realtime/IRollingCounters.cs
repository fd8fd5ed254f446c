namespace HybridStore.Realtime;

/// <summary>Counters of what happened lately. Registered by <c>AddRollingCounters</c>. Safe to use from any thread.</summary>
public interface IRollingCounters
{
    /// <summary>A counter that was added.</summary>
    /// <param name="name">Its name.</param>
    /// <exception cref="ArgumentException">There is no counter of that name.</exception>
    IRollingCounter Get(string name);
}
