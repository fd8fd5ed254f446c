using HybridStore.Tests.Model.Searching;

namespace HybridStore.Tests.Model;

internal static class AssertCounterexample
{
    /// <summary>The search failed in this way, by a trace that holds these steps in this order.</summary>
    public static void Of(SearchResult result, string violation, string essentials)
    {
        Assert.Equal(violation, result.Violation);
        int next = 0;
        string[] steps = essentials.Split(" ; ");
        foreach (string step in result.Trace)
        {
            next += next < steps.Length && steps[next] == step ? 1 : 0;
        }

        Assert.True(next == steps.Length, $"The trace lacks \"{(next < steps.Length ? steps[next] : null)}\" in its place: {result}");
    }
}
