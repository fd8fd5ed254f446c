namespace HybridStore.Realtime.Redis;

/// <summary>Physical names: <c>prefix:kind:{tag}</c>, and behind the braces of the hash tag what else belongs into its slot.</summary>
internal static class RealtimeKeys
{
    /// <summary>A name of the application as a hash tag. Braces would end it early, so they are encoded, and so is what encodes them: two
    /// names stay two.</summary>
    public static string Tag(string name) => name.AsSpan().IndexOfAny('{', '}', '%') < 0 ? $"{{{name}}}" : $"{{{Encode(name)}}}";

    private static string Encode(string name) => name
        .Replace("%", "%25", StringComparison.Ordinal)
        .Replace("{", "%7B", StringComparison.Ordinal)
        .Replace("}", "%7D", StringComparison.Ordinal);
}
