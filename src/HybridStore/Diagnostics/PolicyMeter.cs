using HybridStore.Usage;

namespace HybridStore.Diagnostics;

/// <summary>What is counted for one policy of one store, with its tags made once: a read builds none.</summary>
internal sealed class PolicyMeter
{
    private readonly KeyValuePair<string, object?>[][] _ofReads;
    private readonly KeyValuePair<string, object?>[][] _ofReadDurations;

    public PolicyMeter(string store, string name)
    {
        Name = name;
        Tags = [new(TagNames.Store, store), new(TagNames.Policy, name)];
        Loaded = [.. Tags, new(TagNames.Result, "ok")];
        var results = Enum.GetValues<ReadResult>();
        _ofReads = Array.ConvertAll(results, result => Tags.Append(new(TagNames.Outcome, result.Name())).ToArray());
        _ofReadDurations = Array.ConvertAll(
            results,
            result => Of(result).Append(new(TagNames.RedisState, result.IsWithoutRedis() ? "down" : "up")).ToArray());
    }

    /// <summary>Where no policy is named: those of a store replace it.</summary>
    public static PolicyMeter Unnamed { get; } = new(DefaultName, DefaultName);

    /// <summary>Of what names no policy, and of the store that has no key.</summary>
    public const string DefaultName = "default";

    /// <summary>In lower case.</summary>
    public string Name { get; }

    /// <summary>Counts for the report.</summary>
    public UsageCounter Usage { get; } = new();

    /// <summary>Store and policy.</summary>
    public KeyValuePair<string, object?>[] Tags { get; }

    /// <summary>And that a load went well.</summary>
    public KeyValuePair<string, object?>[] Loaded { get; }

    /// <summary>And the outcome of a read.</summary>
    public KeyValuePair<string, object?>[] Of(ReadResult result) => _ofReads[(int)result];

    /// <summary>And whether Redis was there.</summary>
    public KeyValuePair<string, object?>[] OfDuration(ReadResult result) => _ofReadDurations[(int)result];
}
