using System.Collections.Concurrent;
using System.Globalization;

namespace HybridStore.IntegrationTests.Exploring;

/// <summary>What a search has come to.</summary>
/// <param name="Orders">How many orders were run.</param>
/// <param name="Different">How many of them were different.</param>
/// <param name="Found">How often Redis held a value when it was looked at.</param>
/// <param name="Violation">The first that was wrong, with its trace; null if none was.</param>
internal sealed record Findings(int Orders, int Different, int Found, string? Violation);

/// <summary>Runs a scenario in many orders, some at a time, each on a rig that it has for itself meanwhile. Every order begins anew: what is
/// kept of it is what it has chosen.</summary>
/// <param name="scenarioOf">The scenario of a number, or always the same one.</param>
/// <param name="rigs">What is played on.</param>
internal sealed class Exploration(Func<int, Scenario> scenarioOf, IReadOnlyCollection<Rig> rigs)
{
    private readonly ConcurrentBag<Rig> _rigs = [.. rigs];
    private readonly ConcurrentDictionary<string, bool> _orders = new();
    private int _runs;
    private int _found;
    private volatile string? _violation;

    private Findings Findings => new(_runs, _orders.Count, _found, _violation);

    /// <summary>Every order, depth first: each begins with what one before it chose, up to a step at which it chooses what that did
    /// not.</summary>
    public async Task<Findings> RunEveryOrderAsync()
    {
        var scenario = scenarioOf(0);
        List<string> beginnings = [""];
        while (beginnings.Count > 0)
        {
            var further = new ConcurrentBag<string>();
            await ForEachAsync(beginnings, async (beginning, rig) =>
            {
                var outcome = await PlayAsync(scenario, rig, Following(beginning, letters => letters[0]));
                for (var step = beginning.Length; step < outcome.Order.Length; step++)
                {
                    foreach (var letter in outcome.Choices[step].Where(letter => letter != outcome.Order[step]))
                    {
                        further.Add(outcome.Order[..step] + letter);
                    }
                }
            });
            beginnings = _violation is null ? [.. further] : [];
        }

        return Findings;
    }

    /// <summary>So many orders, each chosen by a seed of its own.</summary>
    public async Task<Findings> RunSampleAsync(int seed, int count)
    {
        await ForEachAsync([.. Enumerable.Range(0, count)], async (number, rig) =>
        {
            var random = new Random(unchecked(seed + number));
            await PlayAsync(scenarioOf(unchecked(seed + number)), rig, letters => letters[random.Next(letters.Length)]);
        });
        return Findings;
    }

    /// <summary>One order again.</summary>
    public async Task<Findings> RunOrderAsync(int number, string order)
    {
        await ForEachAsync([order], (beginning, rig) => PlayAsync(scenarioOf(number), rig, Following(beginning, letters => letters[0])));
        return Findings;
    }

    private static Func<string, char> Following(string beginning, Func<string, char> then)
    {
        var step = 0;
        return letters => step < beginning.Length ? beginning[step++] : then(letters);
    }

    private Task ForEachAsync<T>(IReadOnlyCollection<T> all, Func<T, Rig, Task> run) => Parallel.ForEachAsync(
        all,
        new ParallelOptions { MaxDegreeOfParallelism = rigs.Count, CancellationToken = TestContext.Current.CancellationToken },
        async (one, _) =>
        {
            if (_violation is not null)
            {
                return;
            }

            Assert.True(_rigs.TryTake(out var rig), "There are as many rigs as orders at a time.");
            await run(one, rig);
            _rigs.Add(rig);
        });

    private async Task<Outcome> PlayAsync(Scenario scenario, Rig rig, Func<string, char> choose)
    {
        var (outcome, found) = await scenario.PlayAsync(rig, choose);
        Interlocked.Increment(ref _runs);
        Interlocked.Add(ref _found, found);
        _orders[$"{scenario.Name}={outcome.Order}"] = true;
        if (outcome.Violation is { } violation)
        {
            _violation ??= string.Create(
                CultureInfo.InvariantCulture,
                $"{violation}, after\n{outcome.Trace}To replay it: {Extent.Variable}=\"{scenario.Name}={outcome.Order}\"");
        }

        return outcome;
    }
}
