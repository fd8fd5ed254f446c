using CsCheck;
using HybridStore.Fencing;

namespace HybridStore.Tests.Serialization;

internal static class TestGens
{
    /// <summary>Stamps of any size.</summary>
    public static readonly Gen<SnapshotStamp> Stamps =
        Gen.Select(Gen.ULong[1, ulong.MaxValue - 1000], Gen.ULong[0, 999].HashSet[0, 60]).Select((xmin, offsets) =>
            new SnapshotStamp(xmin, xmin + 1000, [.. offsets.Order().Select(offset => xmin + offset)]));

    /// <summary>Stamps that fit a header.</summary>
    public static readonly Gen<SnapshotStamp> HeaderStamps = Stamps.Select(stamp => stamp.ForHeader());

    public static readonly Gen<Order> Orders = Gen.Select(
        Gen.Int, Gen.String.Null(), Gen.Decimal, Gen.DateTimeOffset.Nullable(), Gen.String[0, 100].Null().List[0, 20]).Select(
        (id, customer, total, placedAt, lines) => new Order
        {
            Id = id,
            Customer = WellFormed(customer),
            Total = total,
            PlacedAt = placedAt,
            Lines = [.. lines.Select(text => new Line { Text = WellFormed(text) })],
        });

    // A lone surrogate has no UTF-8 form.
    private static string? WellFormed(string? text) =>
        text is null ? null : System.Text.Encoding.UTF8.GetString(System.Text.Encoding.UTF8.GetBytes(text));
}

/// <summary>A value as applications cache it: nested, with nulls, dates and text of any script.</summary>
public sealed class Order
{
    public int Id { get; set; }

    public string? Customer { get; set; }

    public decimal Total { get; set; }

    public DateTimeOffset? PlacedAt { get; set; }

    public IReadOnlyList<Line> Lines { get; set; } = [];
}

public sealed class Line
{
    public string? Text { get; set; }

    public Order? Parent { get; set; }
}
