using System.Globalization;
using StackExchange.Redis;

namespace HybridStore.Redis.Inspecting;

/// <summary>A hash as a script returns it: names and values by turns. Bytes found in Redis are nothing until they have been looked at:
/// what is no number is absent.</summary>
internal sealed class HashFields(RedisResult[]? namesAndValues)
{
    private readonly RedisResult[] _namesAndValues = namesAndValues ?? [];

    public IEnumerable<(string Name, string Value)> All
    {
        get
        {
            for (var i = 0; i + 1 < _namesAndValues.Length; i += 2)
            {
                yield return ((string?)_namesAndValues[i] ?? "", (string?)_namesAndValues[i + 1] ?? "");
            }
        }
    }

    public bool Has(string name) => ValueOf(name) is not null;

    public long? NumberOf(string name) => AsNumber(ValueOf(name));

    public ulong? IdOf(string name) => AsId(ValueOf(name));

    public static ulong? AsId(string? text) =>
        ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id : null;

    public static long? AsNumber(string? text) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

    private string? ValueOf(string name)
    {
        foreach (var field in All)
        {
            if (field.Name == name)
            {
                return field.Value;
            }
        }

        return null;
    }
}
