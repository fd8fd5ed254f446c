using HybridStore.Tests.Model.Searching;

namespace HybridStore.Tests.Model.Partitions;

/// <summary>Runs searches and prints what they find.</summary>
internal static class ModelRun
{
    public static SearchResult Of(Scenario scenario, ProtocolRules? rules = null, int limit = 3_000_000) =>
        Of(new PartitionModel(scenario, rules ?? ProtocolRules.All), limit);

    public static SearchResult Of<TState>(IModel<TState> model, int limit = 3_000_000)
        where TState : struct, IEquatable<TState>
    {
        SearchResult result = BreadthFirstSearch.Run(model, limit);
        TestContext.Current.TestOutputHelper?.WriteLine(result.ToString());
        return result;
    }
}
