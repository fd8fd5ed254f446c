using System.Text;
using System.Threading.Channels;
using HybridStore.Fencing;

namespace HybridStore.IntegrationTests.Exploring;

/// <summary>What one order has shown.</summary>
/// <param name="Order">The letters of the actors, one for each step, in the order of the steps.</param>
/// <param name="Choices">For each step the letters of those who could have done one.</param>
/// <param name="Violation">What was wrong, if anything was.</param>
/// <param name="Trace">The steps, and what came of them.</param>
internal sealed record Outcome(string Order, IReadOnlyList<string> Choices, string? Violation, string Trace);

/// <summary>Runs actors in one order: lets one do a step, waits until nothing moves any more, looks, and goes on.</summary>
internal sealed class Execution(Stage stage, IReadOnlyList<Actor> actors, IReadOnlySet<ProtocolStep> passes)
{
    private const string Stuck = "Stuck";

    // Only something that will never be over takes that long.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Channel<bool> _moves = Channel.CreateUnbounded<bool>();
    private readonly StringBuilder _order = new();
    private readonly List<string> _choices = [];
    private readonly StringBuilder _trace = new();
    private int _changes;

    /// <param name="choose">Says, of the letters of those who can do a step, who does.</param>
    public async Task<Outcome> RunAsync(Func<string, char> choose)
    {
        foreach (var actor in actors)
        {
            actor.Begin(passes, Changed);
        }

        var violation = await StepThroughAsync(choose);
        foreach (var actor in actors)
        {
            actor.SetFree();
        }

        // Who waits for what will never come is left behind: that is a violation itself.
        if (violation is null || !violation.StartsWith(Stuck, StringComparison.Ordinal))
        {
            violation = await UntilAsync(() => actors.All(actor => actor.IsDone)) ? violation : violation ?? $"{Stuck} at the end";
            violation ??= await stage.EndAsync();
        }

        return new Outcome(_order.ToString(), _choices, violation, _trace.ToString());
    }

    private async Task<string?> StepThroughAsync(Func<string, char> choose)
    {
        while (true)
        {
            if (!await UntilAsync(IsQuiet))
            {
                return $"{Stuck}: {Where()}";
            }

            TraceNotes();
            if (actors.FirstOrDefault(actor => actor.Failure is not null) is { } failed)
            {
                return $"{failed.Name} failed: {failed.Failure}";
            }

            if (await stage.CheckAsync() is { } violation)
            {
                return violation;
            }

            var parked = actors.Where(actor => actor.IsParked).ToList();
            if (parked.Count == 0)
            {
                return actors.All(actor => actor.IsDone) ? null : $"{Stuck}: {Where()}";
            }

            var letters = string.Concat(parked.Select(actor => actor.Letter));
            var chosen = choose(letters);
            var next = parked.Find(actor => actor.Letter == chosen)
                ?? throw new InvalidOperationException($"{_order} cannot be followed: then only {letters} can do a step.\n{_trace}");
            _choices.Add(letters);
            _order.Append(next.Letter);
            _trace.Append("  ").Append(next.Letter).Append(' ').Append(next.Name).Append(": ").AppendLine(next.At);
            next.Release();
        }
    }

    private string Where() => string.Join(", ", actors.Select(actor =>
        $"{actor.Name} {(actor.IsDone ? "is done" : actor.IsParked ? "stands before" : "goes on after")} {actor.At}"));

    private void TraceNotes()
    {
        foreach (var note in stage.TakeNotes())
        {
            _trace.Append("      ").AppendLine(note);
        }
    }

    /// <summary>Nobody moves. Who is looked at first may have been set going by who is looked at last: what has changed meanwhile is looked
    /// at again.</summary>
    private bool IsQuiet()
    {
        var before = Volatile.Read(ref _changes);
        return actors.All(actor => actor.IsQuiet) && before == Volatile.Read(ref _changes);
    }

    private async Task<bool> UntilAsync(Func<bool> condition)
    {
        while (!condition())
        {
            try
            {
                await _moves.Reader.ReadAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(Patience);
            }
            catch (TimeoutException)
            {
                return false;
            }
        }

        return true;
    }

    private void Changed()
    {
        Interlocked.Increment(ref _changes);
        _moves.Writer.TryWrite(true);
    }
}
