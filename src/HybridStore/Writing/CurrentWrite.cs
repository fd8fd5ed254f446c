using System.Transactions;

namespace HybridStore.Writing;

/// <summary>The write in whose flow code runs, if it does.</summary>
internal sealed class CurrentWrite
{
    private readonly AsyncLocal<OpenWrite?> _write = new();

    /// <summary>The innermost that can be joined; null if there is none.</summary>
    public OpenWrite? Joinable => OpenWrite.Joinable(_write.Value);

    /// <summary>Whether the caller holds a transaction, and so a connection and perhaps locks.</summary>
    public bool IsInTransaction => Joinable is not null || Transaction.Current is not null;

    /// <summary>From here on the caller's flow runs in this write. To be called where nothing is awaited before what is meant by it.</summary>
    public void Enter(OpenWrite write) => _write.Value = write;
}
