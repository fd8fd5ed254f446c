using System.Globalization;

namespace HybridStore.Benchmarks.Figures;

/// <summary>Writes figures for people and programs alike: <c>figure NAME VALUE UNIT</c>, remarks after a <c>#</c>.</summary>
internal sealed class FigureWriter(TextWriter output)
{
    public void Figure(string name, double value, string unit)
    {
        // Three figures that count, and never an exponent.
        var decimals = Math.Abs(value) switch { >= 100 => "0", >= 10 => "0.0", >= 0.1 => "0.00", _ => "0.0000" };
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"figure {name} {value.ToString(decimals, CultureInfo.InvariantCulture)} {unit}"));
        output.Flush();
    }

    /// <summary>How often something happened: 0 for never, 1 for each time.</summary>
    public void Share(string name, int happened, int times, string unit)
    {
        if (happened == 0 || happened == times)
        {
            output.WriteLine($"figure {name} {(happened == 0 ? 0 : 1)} {unit}");
            output.Flush();
            return;
        }

        Figure(name, (double)happened / times, unit);
    }

    public void Remark(string text)
    {
        output.WriteLine($"# {text}");
        output.Flush();
    }
}
