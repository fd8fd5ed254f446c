using HybridStore.Tests.Model.Partitions;
using HybridStore.Tests.Model.Searching;

namespace HybridStore.Tests.Model;

/// <summary>Runs searches and prints what they find.</summary>
internal static class ModelRun
{
    public static SearchResult Of(Scenario scenario, ProtocolRules? rules = null) =>
        Of(new PartitionModel(scenario, rules ?? ProtocolRules.All));

    public static SearchResult Of<TState>(IModel<TState> model)
        where TState : struct, IEquatable<TState>
    {
        SearchResult result = BreadthFirstSearch.Run(model);
        TestContext.Current.TestOutputHelper?.WriteLine(result.ToString());
        return result;
    }
}
