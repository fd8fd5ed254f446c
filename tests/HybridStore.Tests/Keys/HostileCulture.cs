using System.Globalization;

namespace HybridStore.Tests.Keys;

/// <summary>A culture that disagrees with the invariant one wherever a culture can.</summary>
/// <remarks>The tests run in invariant globalisation mode, which has no de-DE or tr-TR; this one is worse than both.</remarks>
internal sealed class HostileCulture : IDisposable
{
    private readonly CultureInfo _before = CultureInfo.CurrentCulture;

    public HostileCulture()
    {
        var culture = (CultureInfo)CultureInfo.InvariantCulture.Clone();
        culture.NumberFormat.NegativeSign = "minus";
        culture.NumberFormat.NumberDecimalSeparator = ",";
        culture.NumberFormat.NumberGroupSeparator = ".";
        culture.NumberFormat.CurrencyDecimalSeparator = ",";
        culture.DateTimeFormat.DateSeparator = ".";
        culture.DateTimeFormat.TimeSeparator = "h";
        culture.DateTimeFormat.AMDesignator = "früh";
        culture.DateTimeFormat.ShortDatePattern = "d.M.yy";
        culture.DateTimeFormat.LongTimePattern = "H.m.s";
        CultureInfo.CurrentCulture = culture;
    }

    public void Dispose() => CultureInfo.CurrentCulture = _before;
}
