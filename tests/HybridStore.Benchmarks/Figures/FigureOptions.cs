using System.Globalization;

namespace HybridStore.Benchmarks.Figures;

/// <summary>Options of the form <c>--name number</c>.</summary>
internal static class FigureOptions
{
    /// <exception cref="ArgumentException">An option is unknown or its number is out of range; the message says what is known.</exception>
    public static Dictionary<string, int> Parse(string[] arguments, params (string Name, int Default, int Maximum)[] known)
    {
        var values = known.ToDictionary(option => option.Name, option => option.Default, StringComparer.Ordinal);
        for (var i = 0; i < arguments.Length; i += 2)
        {
            var option = known.FirstOrDefault(option => option.Name == arguments[i]);
            if (option.Name is null
                || i + 1 == arguments.Length
                || !int.TryParse(arguments[i + 1], NumberStyles.None, CultureInfo.InvariantCulture, out var value)
                || value < 1
                || value > option.Maximum)
            {
                throw new ArgumentException("Options: " + string.Join(
                    ", ", known.Select(option => $"{option.Name} 1..{option.Maximum} (default {option.Default})")));
            }

            values[option.Name] = value;
        }

        return values;
    }
}
