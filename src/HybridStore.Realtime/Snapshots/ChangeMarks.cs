using HybridStore.Realtime.Redis;
using HybridStore.Redis;
using StackExchange.Redis;

namespace HybridStore.Realtime.Snapshots;

/// <summary>The marks of one partition that wait for a snapshot.</summary>
internal sealed class ChangeMarks
{
    private const string Service = "snapshots";

    private static readonly RedisScript Take = RealtimeScripts.Load("snapshot-take.lua");
    private static readonly RedisScript Forget = RealtimeScripts.Load("snapshot-written.lua");
    private static readonly RealtimeOperation Looking = new(Service, "look");
    private static readonly RealtimeOperation Taking = new(Service, "take");
    private static readonly RealtimeOperation Forgetting = new(Service, "forget");

    private readonly RedisLink _link;
    private readonly RedisKey[] _all;
    private readonly RedisKey[] _taken;

    public ChangeMarks(RedisLink link, string prefix, int partition)
    {
        var tag = StructurePartition.TagAt(partition);
        _link = link;
        _taken = [$"{prefix}:snapshot:{tag}:taken", $"{prefix}:snapshot:{tag}:taken-by"];
        _all = [SnapshotKind.DirtyKey(prefix, tag), $"{prefix}:snapshot:{tag}:due", .. _taken];
    }

    /// <summary>Whether any wait, so that a partition without costs no transaction.</summary>
    /// <param name="begins">Whether a snapshot begins: otherwise only those that were there when it did.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public async Task<bool> AnyAsync(bool begins, CancellationToken cancellationToken) =>
        (await _link.ExecuteAsync(
            Looking,
            _all[0],
            static (session, keys) => session.Database.KeyExistsAsync(keys, CommandFlags.DemandMaster),
            begins ? _all[..3] : _all[1..3],
            cancellationToken).ConfigureAwait(false)).OrThrow(Service) > 0;

    /// <summary>Takes some; what was taken and not written before comes first.</summary>
    /// <param name="token">Tells the taker.</param>
    /// <param name="count">How many at most.</param>
    /// <param name="begins">Whether a snapshot begins: from then on those of later changes are left to the next.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public async Task<List<SnapshotMark>> TakeAsync(string token, int count, bool begins, CancellationToken cancellationToken)
    {
        var answer = (await _link.EvaluateAsync(Taking, Take, _all, [token, count, begins ? "1" : "0"], cancellationToken)
            .ConfigureAwait(false)).OrThrow(Service);
        var marks = new List<SnapshotMark>();
        foreach (var bytes in (RedisValue[])answer!)
        {
            if (SnapshotMark.TryRead(((ReadOnlyMemory<byte>)bytes).Span, out var mark))
            {
                marks.Add(mark);
            }
        }

        return marks;
    }

    /// <summary>To be called once they are written.</summary>
    public async Task ForgetAsync(string token, CancellationToken cancellationToken) =>
        (await _link.EvaluateAsync(Forgetting, Forget, _taken, [token], cancellationToken).ConfigureAwait(false)).OrThrow(Service);
}
