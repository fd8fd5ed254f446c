using System.Data;
using System.Globalization;
using HybridStore.Fencing;
using HybridStore.Postgres;

namespace HybridStore.Testing.Statements;

/// <summary>
/// What a store needs of PostgreSQL beside answers: ids for transactions that write, and snapshots of which of them have ended. So stamps,
/// fences and tokens mean here what they mean there. Thread-safe.
/// </summary>
internal sealed class SimulatedDatabase(StatementAnswers answers) : ISimulatedDatabase
{
    private const ulong FirstId = 1000;
    private static readonly BootMark Mark = new(1);

    private readonly Lock _lock = new();
    private readonly SortedSet<ulong> _running = [];
    private ulong _next = FirstId;

    public ISimulatedStatements Statements { get; } = new SimulatedStatements(answers, isOfWrite: false);

    public void Stamp(LoadStamp stamp)
    {
        string snapshot;
        lock (_lock)
        {
            snapshot = string.Create(
                CultureInfo.InvariantCulture, $"{(_running.Count == 0 ? _next : _running.Min)}:{_next}:{string.Join(',', _running)}");
        }

        stamp.Add(snapshot, inRecovery: false, Mark);
    }

    public ISimulatedTransaction Begin(IsolationLevel isolationLevel) => new SimulatedTransaction(this, answers, isolationLevel);

    public Fence? Find(ulong transactionId)
    {
        lock (_lock)
        {
            return transactionId < FirstId || transactionId >= _next ? null : FenceOf(transactionId, !_running.Contains(transactionId));
        }
    }

    public static Fence FenceOf(ulong transactionId, bool isCommitted) => new(transactionId, Mark, isCommitted);

    public ulong AssignId()
    {
        lock (_lock)
        {
            _running.Add(_next);
            return _next++;
        }
    }

    public void End(ulong transactionId)
    {
        lock (_lock)
        {
            _running.Remove(transactionId);
        }
    }
}
