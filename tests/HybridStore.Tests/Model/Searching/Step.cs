namespace HybridStore.Tests.Model.Searching;

/// <summary>One atomic step.</summary>
/// <param name="Actor">Who takes it; empty for what merely happens.</param>
/// <param name="Action">What is done. Put together with the actor only when a trace is printed: a search takes millions of
/// steps.</param>
/// <param name="Next">The state after it.</param>
internal readonly record struct Step<TState>(string Actor, string Action, TState Next)
{
    public string Label => Actor.Length == 0 ? Action : $"{Actor} {Action}";
}
