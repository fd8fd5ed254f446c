using System.Globalization;
using System.Text;
using HybridStore.Keys;
using HybridStore.Realtime.Registration;
using StackExchange.Redis;

namespace HybridStore.Realtime.UserStates;

/// <summary>The state of a store's users.</summary>
internal sealed class UserStateService : IUserState, IRealtimeComponent
{
    // With the longest name of a group, a colon and this much the name is still one that a structure may have.
    private const int LongestUserId = 900;

    private readonly UserStateOptions _options;
    private readonly string _prefix;
    private readonly FieldValues _values;
    private readonly GroupCalls _calls;

    /// <param name="root">What all services share.</param>
    /// <param name="options">The settings.</param>
    /// <param name="snapshots">Null where no snapshots are taken.</param>
    public UserStateService(RealtimeRoot root, UserStateOptions options, Snapshots.SnapshotService? snapshots)
    {
        var link = root.Links.For(options);
        _options = options;
        _prefix = options.KeyPrefix ?? link.Prefix;
        _values = new FieldValues(root, options);
        var kind = new UserStateKind(link, _prefix);
        _calls = new GroupCalls(link, snapshots?.Add(kind), kind, root.TimeProvider);
    }

    public RealtimeServiceOptions Options => _options;

    public bool IsDurable => true;

    public bool NeedsTables => _calls.HasSnapshots;

    /// <summary>State comes into being with its first field.</summary>
    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Nothing is done behind callers; what has changed is in the last snapshot.</summary>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task<T> GetAsync<T>(string userId, UserStateField<T> field, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(field);
        var found = await _calls.GetAsync(GroupOf(userId, field.Group), field.Name, cancellationToken).ConfigureAwait(false);
        return found.IsNull ? field.DefaultValue : _values.Read(field, ((ReadOnlyMemory<byte>)found).Span);
    }

    public async Task<UserStateValues> GetAllAsync(string userId, UserStateGroup group, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(group);
        var found = await _calls.GetAllAsync(GroupOf(userId, group), cancellationToken).ConfigureAwait(false);
        var fields = new Dictionary<string, ReadOnlyMemory<byte>>(found.Length, StringComparer.Ordinal);
        foreach (var entry in found)
        {
            if (entry.Name.Length() > 0)
            {
                fields[(string)entry.Name!] = entry.Value;
            }
        }

        return new UserStateValues(group, _values, fields);
    }

    public Task SetAsync<T>(string userId, UserStateField<T> field, T value, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(field);
        return ChangeAsync(userId, field.Group, ["s", field.Name, _values.Write(value, nameof(value))], cancellationToken);
    }

    public Task UpdateAsync(
        string userId, UserStateGroup group, Action<UserStateChanges> changes, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(group);
        ArgumentNullException.ThrowIfNull(changes);
        var collected = new UserStateChanges(group, _values);
        changes(collected);
        return collected.Arguments.Count == 0
            ? Task.CompletedTask
            : ChangeAsync(userId, group, collected.Arguments, cancellationToken);
    }

    public async Task<long> IncrementAsync(
        string userId, UserStateField<long> field, long by = 1, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(field);
        var answer = await ChangeAsync(userId, field.Group, ["i", field.Name, by], cancellationToken).ConfigureAwait(false);
        return answer.Resp2Type == ResultType.SimpleString
            ? throw new InvalidOperationException(
                $"The field {field.Name} of the group {field.Group.Name} holds no whole number, or one that would become too large: set it first.")
            : long.Parse((string)answer!, CultureInfo.InvariantCulture);
    }

    public async Task<bool> RemoveAsync(string userId, UserStateField field, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(field);
        var answer = await ChangeAsync(userId, field.Group, ["r", field.Name, RedisValue.EmptyString], cancellationToken)
            .ConfigureAwait(false);
        return (int)answer == 1;
    }

    public Task DeleteAsync(string userId, UserStateGroup group, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(group);
        return _calls.DeleteAsync(GroupOf(userId, group), cancellationToken);
    }

    private Task<RedisResult> ChangeAsync(
        string userId, UserStateGroup group, IReadOnlyList<RedisValue> changes, CancellationToken cancellationToken)
    {
        var hash = GroupOf(userId, group);
        return _calls.ChangeAsync(
            hash, [(long)(group.TimeToLive?.TotalMilliseconds ?? 0), hash.Mark, .. changes], cancellationToken);
    }

    private GroupOfUser GroupOf(string userId, UserStateGroup group)
    {
        KeyRules.ThrowIfInvalidKey(userId);
        if (userId.Length * 3 > LongestUserId && Encoding.UTF8.GetByteCount(userId) > LongestUserId)
        {
            throw new ArgumentException(
                $"userId must not be longer than {LongestUserId} bytes in UTF-8: pass the id of a user, not what describes one.", nameof(userId));
        }

        return new GroupOfUser(_prefix, GroupOfUser.NameOf(group, userId), _calls.HasSnapshots);
    }
}
