using System.Runtime.InteropServices;

namespace HybridStore.Tests.Model.Searching;

/// <summary>Visits every reachable state of a model, nearest first, so that the first violation found has the shortest
/// trace.</summary>
internal static class BreadthFirstSearch
{
    /// <exception cref="InvalidOperationException">There are more than <paramref name="limit"/> states: nothing is
    /// proven.</exception>
    public static SearchResult Run<TState>(IModel<TState> model, int limit = 3_000_000)
        where TState : struct, IEquatable<TState>
    {
        var found = new List<TState> { model.Initial };
        var parents = new List<int> { -1 };
        var seen = new HashSet<TState> { model.Initial };
        var steps = new List<Step<TState>>();
        for (int current = 0; current < found.Count; current++)
        {
            TState state = found[current];
            if (model.Violation(state) is { } violation)
            {
                return new SearchResult(found.Count, violation, TraceTo(model, found, parents, current));
            }

            if (found.Count > limit)
            {
                throw new InvalidOperationException($"More than {limit:N0} states: make the model smaller, or raise the limit.");
            }

            steps.Clear();
            model.AddSteps(state, steps);
            foreach (ref readonly Step<TState> step in CollectionsMarshal.AsSpan(steps))
            {
                if (seen.Add(step.Next))
                {
                    found.Add(step.Next);
                    parents.Add(current);
                }
            }
        }

        return new SearchResult(found.Count, null, []);
    }

    private static List<string> TraceTo<TState>(IModel<TState> model, List<TState> found, List<int> parents, int index)
        where TState : struct, IEquatable<TState>
    {
        var trace = new List<string>();
        var steps = new List<Step<TState>>();
        for (; parents[index] >= 0; index = parents[index])
        {
            TState reached = found[index];
            steps.Clear();
            model.AddSteps(found[parents[index]], steps);
            trace.Add(steps.First(step => step.Next.Equals(reached)).Label);
        }

        trace.Reverse();
        return trace;
    }
}
