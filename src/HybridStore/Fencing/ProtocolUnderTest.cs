namespace HybridStore.Fencing;

/// <summary>For tests only, which hold the protocol between its steps, or leave out one of its rules to see that they would notice. In
/// production there is none of it: null.</summary>
internal sealed record ProtocolUnderTest
{
    public IProtocolGate? Gate { get; init; }

    /// <summary>Whoever joins a load that began before he came waits until the cache has taken it.</summary>
    public bool JoinersWaitForTheStore { get; init; } = true;

    /// <summary>An invalidation in this process keeps new callers from joining the loads that run.</summary>
    public bool InvalidationsDetachFlights { get; init; } = true;

    /// <summary>A load inherits the age of what it reads through the store.</summary>
    public bool StampsMeet { get; init; } = true;

    /// <summary>The stamp is taken before the first statement of a load, not after the last.</summary>
    public bool StampComesFirst { get; init; } = true;

    /// <summary>What is read in a transaction that began before the load is not stored.</summary>
    public bool TransactionsAreNotStored { get; init; } = true;

    /// <summary>The stamp of what a transaction has written calls no id visible, but its own, that its snapshot does not.</summary>
    public bool SmallerIdsStayInvisible { get; init; } = true;
}

internal static class ProtocolGates
{
    public static ValueTask PassAsync(this ProtocolUnderTest? test, ProtocolStep step) =>
        test?.Gate is { } gate ? gate.PassAsync(step) : ValueTask.CompletedTask;
}
