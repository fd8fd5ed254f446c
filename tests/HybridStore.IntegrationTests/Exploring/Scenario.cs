using HybridStore.Fencing;

namespace HybridStore.IntegrationTests.Exploring;

/// <summary>Actors whose steps are done in every order, or in many.</summary>
/// <param name="Name">Names it for a replay.</param>
/// <param name="Cast">The actors of one order, each with a letter of its own.</param>
internal sealed record Scenario(string Name, Func<Stage, IReadOnlyList<Actor>> Cast)
{
    /// <summary>What is done before anybody starts.</summary>
    public Func<Stage, Task> PrepareAsync { get; init; } = _ => Task.CompletedTask;

    /// <summary>Steps before which nobody stops, as far as he has not been waiting.</summary>
    public IReadOnlySet<ProtocolStep> Passes { get; init; } = new HashSet<ProtocolStep> { ProtocolStep.Join };

    /// <summary>How its scripts differ from the real ones; not at all.</summary>
    public Func<string, string>? ScriptChange { get; init; }

    /// <summary>Plays one order on a fresh stage.</summary>
    /// <param name="rig">The instances and rows.</param>
    /// <param name="choose">Says, of the letters of those who can do a step, who does.</param>
    public async Task<(Outcome Outcome, int Found)> PlayAsync(Rig rig, Func<string, char> choose)
    {
        var stage = new Stage(rig);
        try
        {
            var actors = Cast(stage);
            await rig.SettleAsync();
            await PrepareAsync(stage);
            return (await new Execution(stage, actors, Passes).RunAsync(choose), stage.Found);
        }
        finally
        {
            await stage.CleanAsync();
        }
    }
}
