using System.Globalization;

namespace HybridStore.IntegrationTests.Exploring;

/// <summary>How many orders of a scenario are run: in every run of the tests, and at full size.</summary>
/// <param name="Short">So many, chosen at random; null: all.</param>
/// <param name="Full">The same at full size.</param>
internal sealed record Extent(int? Short, int? Full)
{
    /// <summary>The environment variable that asks for the full size (<c>full</c>), or for one order again
    /// (<c>scenario=order</c>).</summary>
    public const string Variable = "HYBRIDSTORE_EXPLORE";

    private const int FewestAtRandom = 5000;

    /// <summary>All orders, always.</summary>
    public static Extent EveryOrder { get; } = new(null, null);

    public int? Orders => Environment.GetEnvironmentVariable(Variable) == "full" ? Full : Short;

    /// <summary>Some, and all at full size.</summary>
    public static Extent SomeOf(int orders) => new(orders, null);

    /// <summary>Some, where there are too many.</summary>
    public static Extent SomeOfTooMany(int orders) => new(orders, FewestAtRandom);

    /// <summary>The order of a scenario that is to be run again.</summary>
    public static string? OrderOf(Scenario scenario)
    {
        var wanted = Environment.GetEnvironmentVariable(Variable) ?? "";
        return wanted.StartsWith(scenario.Name + "=", StringComparison.Ordinal) ? wanted[(scenario.Name.Length + 1)..] : null;
    }

    /// <summary>The number of the scenario that is to be run again, among those that have this name and a number each.</summary>
    public static int? NumberOf(string name)
    {
        var wanted = Environment.GetEnvironmentVariable(Variable) ?? "";
        return wanted.StartsWith(name + " ", StringComparison.Ordinal)
            ? int.Parse(wanted[(name.Length + 1)..wanted.IndexOf('=', StringComparison.Ordinal)], CultureInfo.InvariantCulture)
            : null;
    }
}
