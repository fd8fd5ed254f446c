using System.Globalization;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace HybridStore.Consistency.History;

/// <summary>
/// The history of one worker, a file of lines. Each line is with the kernel when the call returns, so that a SIGKILL loses nothing that was
/// told. Thread-safe. The lines, in which times are those of <see cref="Clock"/>:
/// <code>
/// b id kind demand time keys tags     a write begins; keys and tags joined by commas, - for none, * for the whole cache
/// c id time strict token              it is committed; strict 1 or 0; - for no token
/// u id time                           the outcome of its COMMIT is unknown
/// a id time                           it is rolled back
/// i id time                           its invalidation has returned
/// p id time                           its invalidation is applied
/// r key began ended flags bound token rows
///                                     a read; flags l (it loaded), s (past the cache), e (at the end), - for none; bound in ms, - for none;
///                                     rows as row:version:writer joined by commas
/// x time what error                   a read or an invalidation failed
/// </code>
/// </summary>
internal sealed class HistoryWriter : IDisposable
{
    private readonly SafeFileHandle _file;
    private readonly Lock _lock = new();
    private long _offset;

    public HistoryWriter(string path) =>
        _file = File.OpenHandle(path, FileMode.CreateNew, FileAccess.Write, FileShare.Read);

    public void Began(long id, OperationKind kind, StrictDemand demand, Names names) =>
        Write($"b {id} {kind} {demand} {Clock.Now} {names}");

    public void Committed(long id, long at, bool isStrict, string? token) =>
        Write($"c {id} {at} {(isStrict ? 1 : 0)} {Field(token)}");

    public void OutcomeUnknown(long id, long at) => Write($"u {id} {at}");

    public void RolledBack(long id, long at) => Write($"a {id} {at}");

    public void Invalidated(long id, long at) => Write($"i {id} {at}");

    public void Applied(long id, long at) => Write($"p {id} {at}");

    public void Read(ReadRecord read)
    {
        var flags = $"{(read.PastCache ? "s" : "")}{(read.Loaded ? "l" : "")}{(read.AtEnd ? "e" : "")}";
        var bound = read.Bound is { } time ? ((long)time.TotalMilliseconds).ToString(CultureInfo.InvariantCulture) : "";
        Write($"r {read.Key.Name} {read.BeganAt} {read.EndedAt} {Field(flags)} {Field(bound)} {Field(read.Token)} "
            + string.Join(
                ',', read.Values.Select(value => string.Create(CultureInfo.InvariantCulture, $"{value.Row}:{value.Version}:{value.Writer}"))));
    }

    public void Failed(string what, Exception error) =>
        Write($"x {Clock.Now} {what} {string.Join('/', Chain(error).Select(one => one.GetType().Name))}");

    public void Dispose() => _file.Dispose();

    private static string Field(string? text) => string.IsNullOrEmpty(text) ? "-" : text;

    private void Write(string line)
    {
        var bytes = Encoding.UTF8.GetBytes(line + "\n");
        lock (_lock)
        {
            RandomAccess.Write(_file, bytes, _offset);
            _offset += bytes.Length;
        }
    }

    private static IEnumerable<Exception> Chain(Exception error)
    {
        for (var one = error; one is not null; one = one.InnerException)
        {
            yield return one;
        }
    }
}
