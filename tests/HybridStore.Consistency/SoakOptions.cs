using System.Globalization;

namespace HybridStore.Consistency;

/// <summary>Which cache is soaked.</summary>
internal enum Protocol
{
    HybridStore,
    Naive,
    FusionCache,
    HybridCache,
}

/// <summary>What a run is asked for.</summary>
internal sealed record SoakOptions
{
    public const string Usage = """
        Reads and writes through the store from several processes, kills them, disturbs the servers, and checks that no reader got what the
        README says that no reader gets.

          dotnet run -c Release --project tests/HybridStore.Consistency -- [options]

          --seconds N              how long, 5 to 86400 (default 60)
          --seed N                 the schedule of faults and the kinds of operations, 0 to 2147483647 (default 1)
          --processes N            workers at a time, 1 to 32 (default 3)
          --sessions N             callers in each worker, 1 to 256 (default 12)
          --keys N                 rows, 5 to 10000 (default 40)
          --faults on|off          whether workers are killed and servers disturbed (default on)
          --protocol naive         cache-aside without any protocol, in place of the store: it must be found stale
          --peer fusion            FusionCache in place of the store
          --peer hybridcache       Microsoft's HybridCache in place of the store
          --help                   this text

        Exit codes: 0 nothing found; 1 violations; 2 bad arguments; 3 the run itself failed, so that nothing is proven.
        """;

    public int Seconds { get; init; } = 60;

    public int Seed { get; init; } = 1;

    public int Processes { get; init; } = 3;

    public int Sessions { get; init; } = 12;

    public int Keys { get; init; } = 40;

    public bool Faults { get; init; } = true;

    public Protocol Protocol { get; init; }

    /// <exception cref="ArgumentException">An option is unknown, or its value is not among those allowed; the message says which are.</exception>
    public static SoakOptions Parse(IReadOnlyList<string> arguments)
    {
        var options = new SoakOptions();
        for (var i = 0; i < arguments.Count; i += 2)
        {
            var (name, value) = (arguments[i], i + 1 < arguments.Count ? arguments[i + 1] : null);
            options = name switch
            {
                "--seconds" => options with { Seconds = Number(name, value, 5, 86_400) },
                "--seed" => options with { Seed = Number(name, value, 0, int.MaxValue) },
                "--processes" => options with { Processes = Number(name, value, 1, 32) },
                "--sessions" => options with { Sessions = Number(name, value, 1, 256) },
                "--keys" => options with { Keys = Number(name, value, 5, 10_000) },
                "--faults" => options with { Faults = Word(name, value, "on", "off") == "on" },
                "--protocol" => options.As(Word(name, value, "naive") == "naive" ? Protocol.Naive : default),
                "--peer" => options.As(Word(name, value, "fusion", "hybridcache") == "fusion" ? Protocol.FusionCache : Protocol.HybridCache),
                _ => throw new ArgumentException($"There is no option {name}; --help lists them."),
            };
        }

        return options;
    }

    private SoakOptions As(Protocol protocol) => Protocol == Protocol.HybridStore
        ? this with { Protocol = protocol }
        : throw new ArgumentException("Give either --protocol or --peer, and once: a run soaks one cache.");

    private static int Number(string name, string? value, int least, int most) =>
        int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most
            ? number
            : throw new ArgumentException($"{name} takes a whole number from {least} to {most}{Given(value)}.");

    private static string Word(string name, string? value, params string[] words) => words.Contains(value)
        ? value!
        : throw new ArgumentException($"{name} takes {string.Join(" or ", words)}{Given(value)}.");

    private static string Given(string? value) => value is null ? ", and nothing follows it" : $", not '{value[..Math.Min(value.Length, 16)]}'";
}
