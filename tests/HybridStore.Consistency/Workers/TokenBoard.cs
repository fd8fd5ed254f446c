using System.Collections.Concurrent;
using System.Globalization;
using System.Text;

namespace HybridStore.Consistency.Workers;

/// <summary>Where workers leave the token of their last write, and the row that it changed, for each other. A token that is read while it
/// is overwritten is none, or nobody's. Thread-safe.</summary>
internal sealed class TokenBoard
{
    private const int Length = 48;

    private readonly string _folder;
    private readonly string _file;
    private readonly Lock _lock = new();
    private readonly ConcurrentQueue<(WriteToken Token, int Row)> _own = new();

    public TokenBoard(string folder, int process)
    {
        _folder = folder;
        _file = Path.Combine(folder, process.ToString(CultureInfo.InvariantCulture));
    }

    public void Leave(WriteToken token, int row)
    {
        _own.Enqueue((token, row));
        if (_own.Count > 8)
        {
            _own.TryDequeue(out _);
        }

        var line = Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{token} {row} ").PadRight(Length));
        lock (_lock)
        {
            using var file = File.OpenHandle(_file, FileMode.OpenOrCreate, FileAccess.Write, FileShare.ReadWrite);
            RandomAccess.Write(file, line, 0);
        }
    }

    /// <summary>A token of this process.</summary>
    public (WriteToken Token, int Row)? TakeOwn() => _own.TryPeek(out var own) ? own : null;

    /// <summary>A token of any process, also of one that has died.</summary>
    public (WriteToken Token, int Row)? TakeAny(Random random)
    {
        // The newest are of the living.
        var files = Directory.GetFiles(_folder);
        if (files.Length == 0)
        {
            return null;
        }

        var fields = File.ReadAllText(files[random.Next(files.Length)]).Split(' ');
        return fields.Length > 1
            && WriteToken.TryParse(fields[0], out var token)
            && int.TryParse(fields[1], NumberStyles.None, CultureInfo.InvariantCulture, out var row)
                ? (token, row)
                : null;
    }
}
