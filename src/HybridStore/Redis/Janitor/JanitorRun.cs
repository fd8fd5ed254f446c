using HybridStore.Redis.Generations;
using StackExchange.Redis;

namespace HybridStore.Redis.Janitor;

/// <summary>One walk through all names of a store: through each partition's own bookkeeping, then through the names of each master. A part
/// of Redis that does not answer is left out.</summary>
internal sealed class JanitorRun
{
    // Each is well below a millisecond of Redis's time, or a few where sets are large.
    private const int NamesPerCall = 500;
    private const int MembersPerCall = 500;

    private readonly PacedCalls _calls;
    private readonly JanitorTurn _turn;
    private readonly StoredNames _names;
    private readonly RedisLayout _layout;
    private readonly long[] _recorded;

    public JanitorRun(PacedCalls calls, JanitorTurn turn, StoredNames names)
    {
        _calls = calls;
        _turn = turn;
        _names = names;
        _layout = calls.Session.Layout;
        _recorded = new long[_layout.Partitions.Count];
    }

    public RemovedNames Removed { get; } = new();

    /// <summary>Whether something was left that can be removed in some seconds.</summary>
    public bool IsAnythingInGrace { get; private set; }

    /// <summary>Why some part was left out; null if none was.</summary>
    public Exception? Failure { get; private set; }

    public async Task RunAsync()
    {
        for (var partition = 0; partition < _recorded.Length; partition++)
        {
            if (!await _turn.HoldsAsync().ConfigureAwait(false))
            {
                return;
            }

            await TryAsync(LookAtAsync, partition).ConfigureAwait(false);
        }

        var masters = _calls.Session.Multiplexer.GetServers().Where(server => server is { IsConnected: true, IsReplica: false });
        foreach (var master in masters)
        {
            await TryAsync(WalkAsync, master).ConfigureAwait(false);
        }
    }

    private async Task TryAsync<T>(Func<T, Task> step, T of)
    {
        try
        {
            await step(of).ConfigureAwait(false);
        }
        catch (Exception error) when (error is RedisException or TimeoutException)
        {
            Failure ??= error;
        }
    }

    /// <summary>Forgets fences, and asks for the generation.</summary>
    private async Task LookAtAsync(int partition)
    {
        RedisResult answer;
        do
        {
            answer = await _calls.EvaluateAsync(
                RedisScript.Forget,
                [_layout.FencedTags(partition)],
                [(byte[])_layout.TagFencesPrefix(partition)!, NamesPerCall]).ConfigureAwait(false);
            Removed.TagFences += (long)answer[0];
        }
        while ((bool)answer[1] && await _turn.HoldsAsync().ConfigureAwait(false));

        answer = await _calls.EvaluateAsync(RedisScript.Sweep, [_layout.State(partition)], [0]).ConfigureAwait(false);
        _recorded[partition] = GenerationRegister.TryParse((string?)answer[0], out var number) ? number : 0;
    }

    private async Task WalkAsync(IServer master)
    {
        RedisValue cursor = "0";
        do
        {
            if (!await _turn.HoldsAsync().ConfigureAwait(false))
            {
                return;
            }

            (cursor, var names) = await _calls.ScanAsync(master, cursor, _names.Pattern, NamesPerCall).ConfigureAwait(false);
            foreach (var (partition, found) in ByPartition(names))
            {
                await SweepAsync(partition, found).ConfigureAwait(false);
                await TrimAsync(found.CurrentTagSets).ConfigureAwait(false);
            }
        }
        while (cursor != "0");
    }

    /// <summary>One call is for one partition, and so for one slot.</summary>
    private Dictionary<int, Found> ByPartition(byte[][] names)
    {
        var partitions = new Dictionary<int, Found>();
        foreach (var name in names)
        {
            // What is named in a later generation than is recorded is nobody's business here.
            if (!_names.TryParse(name, out var stored)
                || stored.Generation > _recorded[stored.Partition]
                || (stored.IsEntry && stored.Generation == _recorded[stored.Partition]))
            {
                continue;
            }

            if (!partitions.TryGetValue(stored.Partition, out var found))
            {
                partitions[stored.Partition] = found = new Found();
            }

            found.Add(name, stored, isCurrent: stored.Generation == _recorded[stored.Partition]);
        }

        return partitions;
    }

    private async Task SweepAsync(int partition, Found found)
    {
        if (found.EarlierEntries.Count + found.EarlierTagSets.Count == 0)
        {
            return;
        }

        var earlier = found.EarlierEntries.Concat(found.EarlierTagSets).ToArray();
        var answer = await _calls.EvaluateAsync(
            RedisScript.Sweep,
            [_layout.State(partition), .. earlier.Select(name => name.Name)],
            [found.EarlierEntries.Count, .. earlier.Select(name => (RedisValue)name.Generation)]).ConfigureAwait(false);
        Removed.Entries += (long)answer[1];
        Removed.TagSets += (long)answer[2];
        IsAnythingInGrace |= (bool)answer[3];
    }

    private async Task TrimAsync(List<RedisKey> tagSets)
    {
        RedisResult? answer = null;
        while (tagSets.Count > 0 && (answer is null || ((bool)answer[1] && await _turn.HoldsAsync().ConfigureAwait(false))))
        {
            answer = await _calls.EvaluateAsync(RedisScript.Trim, [.. tagSets], [MembersPerCall]).ConfigureAwait(false);
            Removed.Members += (long)answer[0];
        }
    }

    /// <summary>Names of one partition.</summary>
    private sealed class Found
    {
        public List<(RedisKey Name, long Generation)> EarlierEntries { get; } = [];

        public List<(RedisKey Name, long Generation)> EarlierTagSets { get; } = [];

        public List<RedisKey> CurrentTagSets { get; } = [];

        public void Add(byte[] name, StoredName stored, bool isCurrent)
        {
            if (isCurrent)
            {
                CurrentTagSets.Add(name);
            }
            else
            {
                (stored.IsEntry ? EarlierEntries : EarlierTagSets).Add((name, stored.Generation));
            }
        }
    }
}
