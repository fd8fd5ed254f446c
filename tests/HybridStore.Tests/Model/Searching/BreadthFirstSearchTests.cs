namespace HybridStore.Tests.Model.Searching;

public class BreadthFirstSearchTests
{
    [Fact]
    public void Counts_every_reachable_state_once() =>
        Assert.Equal("OK, 100 states", BreadthFirstSearch.Run(new Counters(Forbidden: -1)).ToString());

    [Fact]
    public void Gives_the_shortest_trace()
    {
        SearchResult result = BreadthFirstSearch.Run(new Counters(Forbidden: 12));
        Assert.Equal("two counters add up to 12", result.Violation);
        Assert.Equal(4, result.Trace.Count(label => label == "a increments"));
        Assert.Equal(3, result.Trace.Count(label => label == "b doubles"));
        Assert.Equal(7, result.Trace.Count);
        Assert.StartsWith("two counters add up to 12 (", result.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_bad_initial_state_has_an_empty_trace()
    {
        SearchResult result = BreadthFirstSearch.Run(new Counters(Forbidden: 1));
        Assert.NotNull(result.Violation);
        Assert.Empty(result.Trace);
    }

    [Fact]
    public void A_search_that_does_not_end_proves_nothing() =>
        Assert.Throws<InvalidOperationException>(() => BreadthFirstSearch.Run(new Counters(Forbidden: -1), limit: 50));

    private readonly record struct Pair(int A, int B);

    /// <summary>a counts from 0 to 24, b doubles from 1 to 8: 25 × 4 states.</summary>
    private sealed record Counters(int Forbidden) : IModel<Pair>
    {
        public Pair Initial => new(0, 1);

        public void AddSteps(in Pair state, List<Step<Pair>> steps)
        {
            if (state.A < 24)
            {
                steps.Add(new("a", "increments", state with { A = state.A + 1 }));
            }

            if (state.B < 8)
            {
                steps.Add(new("b", "doubles", state with { B = state.B * 2 }));
            }
        }

        public string? Violation(in Pair state) => state.A + state.B == Forbidden ? $"two counters add up to {Forbidden}" : null;
    }
}
