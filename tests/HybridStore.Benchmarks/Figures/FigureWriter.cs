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

    public void Remark(string text)
    {
        output.WriteLine($"# {text}");
        output.Flush();
    }
}
