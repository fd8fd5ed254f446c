using System.Globalization;
using System.Net;

namespace HybridStore.Servers;

/// <summary>A slot on its way from one master of a <see cref="RedisCluster"/> to another, a key at a time.</summary>
public sealed class SlotMigration
{
    private const int TimeoutInMilliseconds = 5_000;

    private readonly RedisCluster _cluster;
    private readonly string _slot;
    private readonly string _targetId;

    private SlotMigration(RedisCluster cluster, int slot, RedisServer source, RedisServer target, string targetId)
    {
        _cluster = cluster;
        _slot = Text(slot);
        _targetId = targetId;
        Source = source;
        Target = target;
    }

    /// <summary>Where the slot was.</summary>
    public RedisServer Source { get; }

    /// <summary>Where it is going.</summary>
    public RedisServer Target { get; }

    /// <summary>Opens the slot on both sides. All keys are with the source still.</summary>
    public static async Task<SlotMigration> BeginAsync(RedisCluster cluster, int slot)
    {
        ArgumentNullException.ThrowIfNull(cluster);
        var source = await cluster.MasterOfAsync(slot);
        var seen = await cluster.ServerOf(source).ClusterNodesAsync()
            ?? throw new InvalidOperationException("The node does not tell who its cluster is.");
        var sourceId = seen[source.Address]!.NodeId;
        var other = seen.Nodes.First(node => node is { IsReplica: false, Slots.Count: > 0 } && node.NodeId != sourceId);
        var target = cluster.Nodes.First(node => node.Address.Equals(other.EndPoint));
        var migration = new SlotMigration(cluster, slot, source, target, other.NodeId);

        // In this order, or the source would send its clients to somebody who does not expect them.
        await migration.SetSlotAsync(target, "IMPORTING", sourceId);
        await migration.SetSlotAsync(source, "MIGRATING", other.NodeId);
        return migration;
    }

    /// <summary>The keys that are with the source still.</summary>
    public async Task<IReadOnlyList<string>> KeysAsync() =>
        (string[])(await _cluster.ServerOf(Source).ExecuteAsync("CLUSTER", "GETKEYSINSLOT", _slot, "10000"))!;

    /// <summary>Moves some keys.</summary>
    public async Task MoveAsync(IEnumerable<string> keys)
    {
        object[] names = [.. keys];
        if (names.Length > 0)
        {
            var to = (IPEndPoint)Target.Address;
            await _cluster.ServerOf(Source).ExecuteAsync(
                "MIGRATE", [to.Address.ToString(), Text(to.Port), "", "0", Text(TimeoutInMilliseconds), "KEYS", .. names]);
        }
    }

    /// <summary>Moves what is left and gives the slot to the target; ends when all nodes know.</summary>
    public async Task FinishAsync(CancellationToken cancellationToken = default)
    {
        // Keys that come meanwhile come to the target.
        while (await KeysAsync() is { Count: > 0 } keys)
        {
            await MoveAsync(keys);
        }

        await SetSlotAsync(Target, "NODE", _targetId);
        await SetSlotAsync(Source, "NODE", _targetId);
        await _cluster.WaitUntilAgreedAsync(cancellationToken);
    }

    private async Task SetSlotAsync(RedisServer node, string state, string nodeId) =>
        await _cluster.ServerOf(node).ExecuteAsync("CLUSTER", "SETSLOT", _slot, state, nodeId);

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
