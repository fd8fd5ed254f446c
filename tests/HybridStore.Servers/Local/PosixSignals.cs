using System.ComponentModel;
using System.Globalization;
using System.Runtime.InteropServices;

namespace HybridStore.Servers.Local;

/// <summary>Signals to a process and all its descendants, which are found in /proc.</summary>
internal static partial class PosixSignals
{
    public const int Interrupt = 2;
    public const int Quit = 3;
    public const int Kill = 9;
    public const int Terminate = 15;
    public const int Continue = 18;
    public const int Stop = 19;

    private const int NoSuchProcess = 3;

    public static bool IsRoot => GetEffectiveUserId() == 0;

    /// <summary>Sends a signal; a process that has gone already is no error.</summary>
    public static void Send(int processId, int signal)
    {
        if (SendSignal(processId, signal) != 0 && Marshal.GetLastPInvokeError() is var error && error != NoSuchProcess)
        {
            throw new Win32Exception(error, $"Signal {signal} to process {processId}: {Marshal.GetPInvokeErrorMessage(error)}.");
        }
    }

    /// <summary>
    /// Sends SIGSTOP or SIGKILL to a whole tree and returns its processes. The root is stopped first, so that it starts
    /// no further one meanwhile.
    /// </summary>
    public static IReadOnlyList<int> SendToTree(int root, int signal)
    {
        Send(root, Stop);
        var tree = Tree(root);
        foreach (var processId in tree)
        {
            Send(processId, signal);
        }

        return tree;
    }

    /// <summary>Lets a stopped tree go on, the root last.</summary>
    public static void ContinueTree(int root)
    {
        foreach (var processId in Tree(root).Reverse())
        {
            Send(processId, Continue);
        }
    }

    /// <summary>Whether the process runs; one that has ended and waits to be reaped does not.</summary>
    public static bool IsAlive(int processId) => ReadStatus(processId) is { State: not ('Z' or 'X') };

    /// <summary>The root and its descendants, parents first.</summary>
    public static IReadOnlyList<int> Tree(int root)
    {
        var children = Directory.EnumerateDirectories("/proc")
            .Select(folder => int.TryParse(Path.GetFileName(folder), CultureInfo.InvariantCulture, out var id) ? id : 0)
            .Where(id => id > 0)
            .Select(id => (Id: id, Status: ReadStatus(id)))
            .Where(process => process.Status is not null)
            .ToLookup(process => process.Status!.Value.Parent, process => process.Id);
        var tree = new List<int> { root };
        for (var next = 0; next < tree.Count; next++)
        {
            tree.AddRange(children[tree[next]]);
        }

        return tree;
    }

    private static (char State, int Parent)? ReadStatus(int processId)
    {
        try
        {
            // "pid (name) state parent ...", and the name may hold anything, parentheses too.
            var line = File.ReadAllText($"/proc/{processId}/stat");
            var fields = line[(line.LastIndexOf(')') + 2)..].Split(' ', 3);
            return (fields[0][0], int.Parse(fields[1], CultureInfo.InvariantCulture));
        }
        catch (IOException)
        {
            return null; // It has ended between the listing and the look.
        }
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int SendSignal(int processId, int signal);

    [LibraryImport("libc", EntryPoint = "geteuid")]
    private static partial uint GetEffectiveUserId();
}
