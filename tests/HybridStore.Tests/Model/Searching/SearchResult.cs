namespace HybridStore.Tests.Model.Searching;

/// <summary>What a search found.</summary>
/// <param name="States">How many different states it had seen when it ended.</param>
/// <param name="Violation">What is wrong in the first bad state; null if every reachable state is good.</param>
/// <param name="Trace">The steps that lead there: no shorter trace reaches a bad state.</param>
internal sealed record SearchResult(int States, string? Violation, IReadOnlyList<string> Trace)
{
    public override string ToString() => Violation is null
        ? $"OK, {States:N0} states"
        : $"{Violation} ({States:N0} states){Environment.NewLine}    {string.Join(" ; ", Trace)}";
}
