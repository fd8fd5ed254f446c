using System.Runtime.CompilerServices;
using HybridStore.Diagnostics;
using HybridStore.Keys;

namespace HybridStore.Policies;

/// <summary>Resolves options to settings: the call's own, then its policy's, then the store's.</summary>
internal sealed class EntryPolicies
{
    private readonly bool _isPredictable;
    private readonly EntrySettings _defaults;
    private readonly Dictionary<string, EntrySettings> _policies;

    // Options are kept in static fields, so one look-up by reference replaces merging at each read. The table does not keep
    // options alive that were made for a single call.
    private readonly ConditionalWeakTable<EntryOptions, EntrySettings> _resolved = [];

    /// <param name="defaults">The store's own.</param>
    /// <param name="policies">The named ones.</param>
    /// <param name="isPredictable">For tests, which have to know when an entry ends: neither jitter nor early refresh.</param>
    /// <param name="storeName">The store's name in metrics.</param>
    public EntryPolicies(
        EntryOptions defaults,
        IEnumerable<KeyValuePair<string, EntryOptions>> policies,
        bool isPredictable = false,
        string storeName = PolicyMeter.DefaultName)
    {
        _isPredictable = isPredictable;
        var unnamed = new PolicyMeter(storeName, PolicyMeter.DefaultName);
        _defaults = Settled(EntrySettings.Default.With(defaults)) with { Policy = unnamed };
        _policies = policies.ToDictionary(
            policy => policy.Key,
            policy => Settled(_defaults.With(policy.Value)) with { Policy = MeterOf(policy.Key) },
            StringComparer.OrdinalIgnoreCase);
        Meters = [unnamed, .. _policies.Values.Select(policy => policy.Policy).Where(policy => policy != unnamed)];

        // A policy of that name is what names none.
        PolicyMeter MeterOf(string name) => string.Equals(name, PolicyMeter.DefaultName, StringComparison.OrdinalIgnoreCase)
            ? unnamed
            : new PolicyMeter(storeName, Lower(name));

        // Names are compared without case, so metrics show one spelling of them.
        [System.Diagnostics.CodeAnalysis.SuppressMessage("Globalization", "CA1308", Justification = "For people to read.")]
        static string Lower(string name) => name.ToLowerInvariant();
    }

    /// <summary>What is counted, for each policy; first for what names none.</summary>
    public IReadOnlyList<PolicyMeter> Meters { get; }

    /// <exception cref="ArgumentException">The policy is unknown, or the settings contradict each other once they are put together.</exception>
    public EntrySettings Resolve(EntryOptions? options)
    {
        if (options is null)
        {
            return _defaults;
        }

        if (!_resolved.TryGetValue(options, out var settings))
        {
            settings = _resolved.GetValue(options, Merge);
        }

        return settings;
    }

    private EntrySettings Merge(EntryOptions options)
    {
        if (options.PolicyName is not { } name)
        {
            return Consistent(Settled(_defaults.With(options)), options);
        }

        return _policies.TryGetValue(name, out var policy)
            ? Consistent(Settled(policy.With(options)), options)
            : throw new ArgumentException(
                $"There is no policy {Excerpt.Of(name)}. Known are: {string.Join(", ", _policies.Keys.Order(StringComparer.Ordinal))}. "
                + "Add it with AddPolicy or under Policies in the configuration.",
                nameof(options));
    }

    private static EntrySettings Consistent(EntrySettings settings, EntryOptions options) => settings.Contradiction is { } contradiction
        ? throw new ArgumentException($"Together with their policy and the store's defaults: {contradiction}", nameof(options))
        : settings;

    private EntrySettings Settled(EntrySettings settings) => _isPredictable ? settings with { Jitter = 0, Beta = 0 } : settings;
}
