using System.Globalization;

namespace HybridStore.IntegrationTests.Exploring;

/// <summary>What has been written, and what of it the cache has to reflect: every write whose invalidation has been applied, from the
/// moment on from which its commit can be seen.</summary>
internal sealed class Ledger(int[] newest)
{
    private readonly Lock _lock = new();
    private readonly int[] _before = [.. newest];
    private readonly List<Write> _writes = [];

    /// <summary>A write gives its row the next version.</summary>
    public Write Begin(int row)
    {
        lock (_lock)
        {
            var write = new Write(row, ++newest[row]);
            _writes.Add(write);
            return write;
        }
    }

    public void Committed(Write write)
    {
        lock (_lock)
        {
            write.IsVisible = true;
        }
    }

    /// <summary>The row has the version before it.</summary>
    public void RolledBack(Write write)
    {
        lock (_lock)
        {
            Assert.Equal(write.Version, newest[write.Row]--);
        }
    }

    public void Applied(Write write, Invalidation what)
    {
        lock (_lock)
        {
            write.Applied.Add(what);
        }
    }

    /// <summary>The least versions that Redis may hold of an item.</summary>
    public int[] RequiredInRedis(Item item)
    {
        lock (_lock)
        {
            return [.. item.Rows.Select(row => _writes
                .Where(write => write.Row == row && write.IsVisible && write.Applied.Exists(item.IsNamedBy))
                .Aggregate(_before[row], (version, write) => Math.Max(version, write.Version)))];
        }
    }

    /// <summary>The least versions that a reader may get who begins now. What an item takes from its part may be as old as the part may
    /// be.</summary>
    public int[] RequiredOfReaders(Item item)
    {
        var required = RequiredInRedis(item);
        if (item.Part is { } part)
        {
            var ofPart = RequiredOfReaders(part);
            for (var i = 0; i < ofPart.Length; i++)
            {
                required[item.Count + i] = Math.Min(required[item.Count + i], ofPart[i]);
            }
        }

        return required;
    }

    public int[] Newest(Item item)
    {
        lock (_lock)
        {
            return [.. item.Rows.Select(row => newest[row])];
        }
    }

    public static int[] Parse(string value) =>
        [.. value.Split(',').Select(version => int.Parse(version, CultureInfo.InvariantCulture))];

    public static bool IsOlder(int[] versions, int[] required) => versions.Zip(required).Any(pair => pair.First < pair.Second);

    /// <summary>As if all had begun at version 0.</summary>
    public string Text(Item item, int[] versions) =>
        string.Join(',', versions.Select((version, i) => (version - _before[item.Rows[i]]).ToString(CultureInfo.InvariantCulture)));

    /// <summary>A write of one row.</summary>
    internal sealed class Write(int row, int version)
    {
        public int Row { get; } = row;

        public int Version { get; } = version;

        /// <summary>It is committed, and every new snapshot sees it.</summary>
        public bool IsVisible { get; set; }

        /// <summary>The invalidations for it that have been applied.</summary>
        public List<Invalidation> Applied { get; } = [];
    }
}
