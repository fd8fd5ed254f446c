namespace HybridStore.Benchmarks.Figures;

/// <summary>Rounds in which everybody takes a turn, in an order that rotates. What is compared is the times within a round: a machine that
/// is busy for a while is so for all.</summary>
internal static class Rounds
{
    public static async Task<Dictionary<TWho, List<Turn>>> TakeAsync<TWho>(
        IReadOnlyList<TWho> everybody, int rounds, Func<TWho, Task<Turn>> take)
        where TWho : notnull
    {
        var turns = everybody.ToDictionary(who => who, _ => new List<Turn>());
        for (var round = 0; round < rounds; round++)
        {
            for (var place = 0; place < everybody.Count; place++)
            {
                var who = everybody[(round + place) % everybody.Count];
                turns[who].Add(await take(who));
            }
        }

        return turns;
    }

    /// <summary>The median of the ratios within a round.</summary>
    public static double Ratio(List<Turn> ours, List<Turn> theirs) =>
        Median.Of(ours.Zip(theirs, static (our, their) => our.Microseconds / their.Microseconds));
}
