using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace HybridStore.Fencing;

/// <summary>
/// A PostgreSQL snapshot as <c>pg_current_snapshot()</c> gives it: which transaction ids a read could see. Ids are the
/// 64-bit ones of <c>pg_current_xact_id()</c> (epoch included), so they never wrap and compare as plain numbers.
/// </summary>
internal sealed class SnapshotStamp : IEquatable<SnapshotStamp>
{
    /// <summary>The most in-progress ids that an entry's header has room for.</summary>
    public const int MaximumHeaderXip = 32;

    // They travel with the value's entry when it is stored.
    private const int MaximumBeforeOwn = 1000;

    private readonly ulong[] _xip;

    public SnapshotStamp(ulong xmin, ulong xmax, params ReadOnlySpan<ulong> xip)
        : this(xmin, xmax, xip.ToArray(), validate: true)
    {
    }

    private SnapshotStamp(ulong xmin, ulong xmax, ulong[] xip, bool validate)
    {
        if (validate && !IsConsistent(xmin, xmax, xip))
        {
            throw new ArgumentException(
                "A snapshot needs 0 < xmin <= xmax and in-progress ids that ascend within [xmin, xmax): " +
                "pass the parts of pg_current_snapshot() unchanged.",
                nameof(xip));
        }

        Xmin = xmin;
        Xmax = xmax;
        _xip = xip;
    }

    /// <summary>Every id below this one had finished.</summary>
    public ulong Xmin { get; }

    /// <summary>No id from this one on had finished.</summary>
    public ulong Xmax { get; }

    /// <summary>The ids in [<see cref="Xmin"/>, <see cref="Xmax"/>) that were still in progress, ascending.</summary>
    public ReadOnlySpan<ulong> Xip => _xip;

    /// <summary>
    /// The stamp of a load on a standby. There <c>pg_current_snapshot()</c> reports an empty list although transactions
    /// are in progress, so that only what lies below xmin is known to be visible.
    /// </summary>
    public static SnapshotStamp OnStandby(ulong xmin) => new(xmin, xmin);

    /// <summary>
    /// What is visible in both, exactly and not by approximation: an id is invisible in a snapshot if it is in xip or at
    /// least xmax, so the union of the two invisible sets is again a snapshot (the smaller xmax and both lists below it).
    /// Only <see cref="Xmin"/> may be lower than it could be, which the comparisons that use it alone bear safely.
    /// </summary>
    public static SnapshotStamp Meet(SnapshotStamp a, SnapshotStamp b)
    {
        if (ReferenceEquals(a, b))
        {
            return a;
        }

        ulong xmax = Math.Min(a.Xmax, b.Xmax);
        var union = new ulong[a._xip.Length + b._xip.Length];
        int count = 0, i = 0, j = 0;
        while (i < a._xip.Length || j < b._xip.Length)
        {
            ulong left = i < a._xip.Length ? a._xip[i] : ulong.MaxValue;
            ulong right = j < b._xip.Length ? b._xip[j] : ulong.MaxValue;
            ulong next = Math.Min(left, right);
            if (next >= xmax)
            {
                break;
            }

            i += left == next ? 1 : 0;
            j += right == next ? 1 : 0;
            union[count++] = next;
        }

        return new SnapshotStamp(Math.Min(a.Xmin, b.Xmin), xmax, union[..count], validate: false);
    }

    /// <summary>What a transaction sees that reads under this snapshot, which it took itself, together with what it has written. Of the ids
    /// between the snapshot and its own nothing is known: they count as in progress. Null where those are too many.</summary>
    /// <param name="own">Its id.</param>
    public SnapshotStamp? WithOwn(ulong own)
    {
        if (own < Xmax)
        {
            var found = _xip.AsSpan().BinarySearch(own);
            return found < 0 ? this : new SnapshotStamp(Xmin, Xmax, [.. _xip[..found], .. _xip[(found + 1)..]], validate: false);
        }

        if (own - Xmax > MaximumBeforeOwn)
        {
            return null;
        }

        var xip = new ulong[_xip.Length + (int)(own - Xmax)];
        _xip.CopyTo(xip, 0);
        for (var i = _xip.Length; i < xip.Length; i++)
        {
            xip[i] = Xmax + (ulong)(i - _xip.Length);
        }

        return new SnapshotStamp(Xmin, own + 1, xip, validate: false);
    }

    /// <summary>Reads PostgreSQL's text form, <c>xmin:xmax:xip1,xip2</c>.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, [NotNullWhen(true)] out SnapshotStamp? stamp)
    {
        stamp = null;
        int first = text.IndexOf(':');
        int second = first < 0 ? -1 : text[(first + 1)..].IndexOf(':');
        if (second < 0
            || !TryParseId(text[..first], out ulong xmin)
            || !TryParseId(text.Slice(first + 1, second), out ulong xmax))
        {
            return false;
        }

        ReadOnlySpan<char> list = text[(first + second + 2)..];
        var xip = list.IsEmpty ? [] : new ulong[list.Count(',') + 1];
        int count = 0;
        if (!list.IsEmpty)
        {
            foreach (Range range in list.Split(','))
            {
                if (!TryParseId(list[range], out xip[count++]))
                {
                    return false;
                }
            }
        }

        if (!IsConsistent(xmin, xmax, xip))
        {
            return false;
        }

        stamp = new SnapshotStamp(xmin, xmax, xip, validate: false);
        return true;
    }

    /// <inheritdoc cref="TryParse"/>
    /// <exception cref="FormatException">The text is no snapshot.</exception>
    public static SnapshotStamp Parse(ReadOnlySpan<char> text) =>
        TryParse(text, out SnapshotStamp? stamp)
            ? stamp
            : throw new FormatException(
                $"'{text[..Math.Min(text.Length, 16)]}' is not a PostgreSQL snapshot (xmin:xmax:xip1,xip2): " +
                "pass the text of pg_current_snapshot().");

    /// <summary>Whether these parts can be a snapshot. Bytes from Redis are checked with it before they are believed.</summary>
    public static bool IsConsistent(ulong xmin, ulong xmax, ReadOnlySpan<ulong> xip)
    {
        if (xmin == 0 || xmax < xmin)
        {
            return false;
        }

        ulong least = xmin;
        foreach (ulong id in xip)
        {
            if (id < least || id >= xmax)
            {
                return false;
            }

            least = id + 1;
        }

        return true;
    }

    /// <summary>Whether this snapshot shows what transaction <paramref name="xid"/> wrote, given that it committed.</summary>
    public bool Sees(ulong xid) => xid < Xmin || (xid < Xmax && _xip.AsSpan().BinarySearch(xid) < 0);

    /// <summary>
    /// The form that fits an entry's header: from the 33rd in-progress id on nothing counts as visible. It may call a
    /// visible id invisible (a needless miss) and never the other way round.
    /// </summary>
    public SnapshotStamp ForHeader() => _xip.Length <= MaximumHeaderXip
        ? this
        : new SnapshotStamp(Xmin, _xip[MaximumHeaderXip], _xip[..MaximumHeaderXip], validate: false);

    public bool Equals(SnapshotStamp? other) =>
        other is not null && Xmin == other.Xmin && Xmax == other.Xmax && Xip.SequenceEqual(other.Xip);

    public override bool Equals(object? obj) => Equals(obj as SnapshotStamp);

    public override int GetHashCode() => HashCode.Combine(Xmin, Xmax, _xip.Length);

    public override string ToString()
    {
        StringBuilder text = new StringBuilder().Append(CultureInfo.InvariantCulture, $"{Xmin}:{Xmax}:");
        return text.AppendJoin(',', _xip).ToString();
    }

    private static bool TryParseId(ReadOnlySpan<char> text, out ulong id) =>
        ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out id);
}
