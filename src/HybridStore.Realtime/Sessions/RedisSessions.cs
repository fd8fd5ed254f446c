using System.Runtime.CompilerServices;
using HybridStore.Realtime.Redis;
using HybridStore.Redis;
using HybridStore.Resilience;
using StackExchange.Redis;

namespace HybridStore.Realtime.Sessions;

/// <summary>Sessions in Redis: each in one hash, so that each operation is one script and atomic on a cluster as well.</summary>
internal sealed class RedisSessions
{
    private static readonly RedisScript GetScript = RealtimeScripts.Load("session-get.lua");
    private static readonly RedisScript ChangeScript = RealtimeScripts.Load("session-change.lua");
    private static readonly RedisScript PutScript = RealtimeScripts.Load("session-put.lua");
    private static readonly RedisScript InfoScript = RealtimeScripts.Load("session-info.lua");
    private static readonly RedisScript RevokeScript = RealtimeScripts.Load("session-revoke.lua");
    private static readonly RedisScript IndexedScript = RealtimeScripts.Load("session-indexed.lua");

    private static readonly RealtimeOperation GetOperation = new("sessions", "get");
    private static readonly RealtimeOperation ReadOperation = new("sessions", "read");
    private static readonly RealtimeOperation MergeOperation = new("sessions", "merge");
    private static readonly RealtimeOperation ReplaceOperation = new("sessions", "replace");
    private static readonly RealtimeOperation RegenerateOperation = new("sessions", "regenerate");
    private static readonly RealtimeOperation PutOperation = new("sessions", "put");
    private static readonly RealtimeOperation InfoOperation = new("sessions", "info");
    private static readonly RealtimeOperation RevokeOperation = new("sessions", "revoke");
    private static readonly RealtimeOperation IndexedOperation = new("sessions", "indexed");

    private readonly RedisLink _link;
    private readonly string _prefix;
    private readonly int _maximumSize;
    private readonly RedisValue _sliding;
    private readonly RedisValue _slack;
    private readonly RedisValue _copied;
    private readonly ScriptCombiner _gets;
    private readonly CommandPipeline<RedisKey, RedisValue[]> _reads;

    public RedisSessions(RedisLink link, string prefix, SessionStoreOptions options, TimeProvider timeProvider)
    {
        (_link, _prefix, _maximumSize) = (link, $"{prefix}:session:{{", options.MaximumSize);
        _sliding = (long)options.SlidingExpiration.TotalMilliseconds;
        _slack = options.PostgresCopy ? SessionCopyRules.SlackOf(options) : 0;
        _copied = options.PostgresCopy ? 1 : 0;
        _reads = new CommandPipeline<RedisKey, RedisValue[]>(
            link,
            ReadOperation,
            static key => key,
            static (database, key) => database.HashGetAsync(key, SessionReply.FieldsOfHash, CommandFlags.DemandMaster),
            timeProvider);
        _gets = new ScriptCombiner(link, GetOperation, GetScript, [_sliding, _slack], timeProvider);
    }

    /// <summary>Carries out a command on a session that is there.</summary>
    public async ValueTask<RedisCallResult<SessionAnswer>> ApplyAsync(
        SessionName name, SessionCommand command, CancellationToken cancellationToken)
    {
        var result = await SendAsync(name, command, cancellationToken).ConfigureAwait(false);
        if (!result.TryGetValue(out var reply))
        {
            return result.WithoutValue<SessionAnswer>();
        }

        var secret = command is SessionCommand.Regenerate { NewSecret: var newSecret } ? newSecret : name.Secret;
        return RedisCallResult<SessionAnswer>.Ok(SessionReply.Read(reply, name.Handle, secret));
    }

    /// <summary>Reads a session whose end was moved a moment ago (<see cref="RecentUses"/>).</summary>
    /// <returns>Null if <see cref="ApplyAsync"/> is to be asked all the same: it is not there, and there may be a copy.</returns>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<RedisCallResult<SessionState?>> ReadAsync(SessionName name, CancellationToken cancellationToken)
    {
        var result = await _reads.MakeAsync(KeyOf(name.Handle), cancellationToken).ConfigureAwait(false);
        if (result.TryGetValue(out var values))
        {
            return RedisCallResult<SessionState?>.Ok(SessionReply.ReadHash(values, name));
        }

        return RequiredAnswers.IsOfWrongType(result) ? RedisCallResult<SessionState?>.Ok(null) : result.WithoutValue<SessionState?>();
    }

    /// <summary>Puts a whole session there, unless a version as new is.</summary>
    /// <param name="state">The session.</param>
    /// <param name="notAfter">Until when, by Redis's clock; null: at any time.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <returns>When, by Redis's clock, and whether what is there now is the session or something as new.</returns>
    public async ValueTask<RedisCallResult<(long Now, bool IsThere)>> PutAsync(
        SessionState state, long? notAfter, CancellationToken cancellationToken)
    {
        RedisValue[] arguments =
        [
            notAfter is { } limit ? limit : "",
            state.Secret,
            state.Version,
            state.ExpiresAt - state.Now,
            state.EndsAt is { } ends ? ends - state.Now : "",
            state.UserId ?? "",
            state.Device ?? "",
            state.Now - state.CreatedAt,
            state.Now - state.LastSeenAt,
            state.UserId is null ? "" : state.IndexedFor((long)_sliding),
            _copied,
            state.Size,
            SessionFields.Write(state.Fields),
        ];
        var result = await _link.EvaluateAsync(PutOperation, PutScript, [KeyOf(state.Handle)], arguments, cancellationToken)
            .ConfigureAwait(false);
        return result.TryGetValue(out var reply)
            ? RedisCallResult<(long, bool)>.Ok(((long)reply[0], (int)reply[1] != 2))
            : result.WithoutValue<(long, bool)>();
    }

    /// <summary>What a list shows of a session; null if it is not there.</summary>
    /// <param name="handle">The session.</param>
    /// <param name="secret">SHA-256 of the id that was shown; null for whoever asks by its handle.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    public async ValueTask<RedisCallResult<SessionState?>> InfoAsync(string handle, byte[]? secret, CancellationToken cancellationToken)
    {
        var result = await _link.EvaluateAsync(InfoOperation, InfoScript, [KeyOf(handle)], [secret ?? []], cancellationToken)
            .ConfigureAwait(false);
        if (!result.TryGetValue(out var reply))
        {
            return result.WithoutValue<SessionState?>();
        }

        if (reply.IsNull)
        {
            return RedisCallResult<SessionState?>.Ok(null);
        }

        var now = (long)reply[0];
        return RedisCallResult<SessionState?>.Ok(new SessionState
        {
            Handle = handle,
            Secret = secret ?? [],
            Now = now,
            Version = 0,
            ExpiresAt = now + (long)reply[1],
            CreatedAt = (long)reply[2],
            LastSeenAt = (long)reply[3],
            UserId = NullIfEmpty((string?)reply[4]),
            Device = NullIfEmpty((string?)reply[5]),
            Fields = new Dictionary<string, ReadOnlyMemory<byte>>(),
        });
    }

    /// <summary>Ends a session.</summary>
    /// <param name="handle">The session.</param>
    /// <param name="secret">SHA-256 of the id that was shown; null: any.</param>
    /// <param name="userId">Whose it must be; null: anybody's.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <returns>Whether there was one, and whose.</returns>
    public async ValueTask<RedisCallResult<(bool WasThere, string? UserId)>> RevokeAsync(
        string handle, byte[]? secret, string? userId, CancellationToken cancellationToken)
    {
        var result = await _link.EvaluateAsync(
            RevokeOperation, RevokeScript, [KeyOf(handle)], [secret ?? [], userId ?? ""], cancellationToken).ConfigureAwait(false);
        return result.TryGetValue(out var reply)
            ? RedisCallResult<(bool, string?)>.Ok((!reply.IsNull, NullIfEmpty((string?)reply)))
            : result.WithoutValue<(bool, string?)>();
    }

    /// <summary>Remembers in a session for how many milliseconds the index of its user holds it.</summary>
    public async ValueTask NoteIndexedAsync(string handle, string userId, long milliseconds, CancellationToken cancellationToken) =>

        // Without an answer it is due again the next time.
        _ = await _link.EvaluateAsync(IndexedOperation, IndexedScript, [KeyOf(handle)], [userId, milliseconds], cancellationToken)
            .ConfigureAwait(false);

    private static string? NullIfEmpty(string? text) => string.IsNullOrEmpty(text) ? null : text;

    private RedisKey KeyOf(string handle) => string.Concat(_prefix, handle, "}");

    private ValueTask<RedisCallResult<RedisResult>> SendAsync(SessionName name, SessionCommand command, CancellationToken cancellationToken)
    {
        RedisKey[] keys = [KeyOf(name.Handle)];
        if (command is SessionCommand.Get)
        {
            return _gets.EvaluateAsync(keys, [name.Secret], cancellationToken);
        }

        var (operation, arguments) = command switch
        {
            SessionCommand.Merge merge => (MergeOperation, Arguments(name, merge.Changes)),
            SessionCommand.Replace replace => (ReplaceOperation, Arguments(name, replace)),
            SessionCommand.Regenerate regenerate => (
                RegenerateOperation,
                [name.Secret, _sliding, _slack, "regenerate", regenerate.NewSecret, regenerate.UserId ?? ""]),
            _ => throw new ArgumentOutOfRangeException(nameof(command)),
        };
        return _link.EvaluateAsync(operation, ChangeScript, keys, arguments, cancellationToken);
    }

    private RedisValue[] Arguments(SessionName name, SessionChanges changes)
    {
        var arguments = new List<RedisValue>(6 + (2 * changes.Count))
        {
            name.Secret, _sliding, _slack, "merge", _maximumSize, changes.Sets.Count,
        };
        foreach (var (field, value) in changes.Sets)
        {
            arguments.Add(field);
            arguments.Add(value);
        }

        foreach (var removed in changes.Removes)
        {
            arguments.Add(removed);
        }

        return [.. arguments];
    }

    private RedisValue[] Arguments(SessionName name, SessionCommand.Replace replace)
    {
        var fields = replace.Fields.Sets;
        return
        [
            name.Secret, _sliding, _slack, "replace", replace.ExpectedVersion, SessionState.SizeOf(fields), SessionFields.Write(fields),
        ];
    }
}
