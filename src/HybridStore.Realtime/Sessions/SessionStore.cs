using HybridStore.Realtime.Diagnostics;
using HybridStore.Realtime.Registration;

namespace HybridStore.Realtime.Sessions;

/// <summary>Makes ids and turns what is asked for into commands.</summary>
internal sealed class SessionStore : ISessionStore, IRealtimeComponent, IDisposable
{
    private static readonly Dictionary<string, ReadOnlyMemory<byte>> NoFields = [];

    private readonly SessionStoreOptions _options;
    private readonly RedisSessions _redis;
    private readonly RecentUses _recent;
    private readonly ISessionKeeper _keeper;
    private readonly CopiedSessions? _copied;
    private readonly SessionCatchUp? _catchUp;
    private readonly long _sliding;
    private readonly long? _lifetime;

    public SessionStore(RealtimeRoot root, SessionStoreOptions options)
    {
        var link = root.Links.For(options);
        var prefix = options.KeyPrefix ?? link.Prefix;
        _redis = new RedisSessions(link, prefix, options, root.TimeProvider);
        _recent = new RecentUses(RecentUses.MomentOf(options.SlidingExpiration), root.TimeProvider);
        var indexed = new IndexedSessions(_redis, new UserSessions(link, prefix), options);
        if (options.PostgresCopy)
        {
            var copy = new SessionCopy(root, prefix, options);
            _catchUp = new SessionCatchUp(indexed, copy, link.Timeout, root.TimeProvider, root.Logger);
            _copied = new CopiedSessions(
                indexed, copy, _catchUp, options, link.Timeout, new SessionMetrics(root.Metrics), root.Logger);

            // Whoever was idle while Redis was away is told by the connection.
            link.Restored += _catchUp.Doubt;
        }

        _keeper = _copied as ISessionKeeper ?? new PlainSessions(indexed);
        (_options, _sliding) = (options, (long)options.SlidingExpiration.TotalMilliseconds);
        _lifetime = (long?)options.AbsoluteLifetime?.TotalMilliseconds;
    }

    public RealtimeServiceOptions Options => _options;

    public bool IsDurable => true;

    public bool NeedsTables => _options.PostgresCopy;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _catchUp?.Start();
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => _catchUp?.StopAsync() ?? Task.CompletedTask;

    public void Dispose()
    {
        _catchUp?.Dispose();
        _copied?.Dispose();
    }

    public async Task<Session> CreateAsync(SessionStart? start = null, CancellationToken cancellationToken = default)
    {
        if (start?.UserId is { } userId)
        {
            SessionRules.CheckUser(userId, nameof(start));
        }

        if (start?.Device is { } device)
        {
            SessionRules.CheckDevice(device, nameof(start));
        }

        var id = SessionName.NewId();
        var name = SessionName.Of(id);

        // By a clock that shows 0: whoever keeps it puts it by its own.
        var state = new SessionState
        {
            Handle = name.Handle,
            Secret = name.Secret,
            Now = 0,
            Version = 1,
            CreatedAt = 0,
            LastSeenAt = 0,
            ExpiresAt = _sliding,
            EndsAt = _lifetime,
            UserId = start?.UserId,
            Device = start?.Device,
            Fields = start?.Fields is { } fields ? new Dictionary<string, ReadOnlyMemory<byte>>(fields.Sets, StringComparer.Ordinal) : NoFields,
        };
        ThrowIfTooLarge(state.Size);
        return (await _keeper.CreateAsync(state, cancellationToken).ConfigureAwait(false)).ToSession(id);
    }

    public async Task<Session?> GetAsync(string id, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(id);
        if (_recent.TryFind(id, out var name) && _catchUp is not { IsBehind: true })
        {
            var read = await _redis.ReadAsync(name, cancellationToken).ConfigureAwait(false);
            if (_catchUp is null)
            {
                // Without a copy there is nobody else to ask.
                _ = Unavailable.ThrowUnlessAnswered(read);
            }

            if (read.TryGetValue(out var state) && state is not null)
            {
                return state.ToSession(id);
            }
        }

        var answer = await ApplyAsync(id, SessionCommand.Get.It, cancellationToken).ConfigureAwait(false);
        return answer.State?.ToSession(id);
    }

    public async Task<long?> MergeAsync(string id, SessionChanges changes, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(changes);
        var answer = await ApplyAsync(id, new SessionCommand.Merge(changes), cancellationToken).ConfigureAwait(false);
        return answer.Outcome switch
        {
            SessionOutcome.Done => answer.Number,
            SessionOutcome.TooLarge => throw new SessionTooLargeException(answer.Number, _options.MaximumSize),
            _ => null,
        };
    }

    public async Task<SessionReplaceResult> TryReplaceAsync(
        string id, long expectedVersion, SessionChanges fields, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(fields);
        ThrowIfTooLarge(SessionState.SizeOf(fields.Sets));
        var command = new SessionCommand.Replace(fields, expectedVersion);
        var answer = await ApplyAsync(id, command, cancellationToken).ConfigureAwait(false);
        return answer.Outcome switch
        {
            SessionOutcome.Done => new SessionReplaceResult(SessionReplaceOutcome.Replaced, answer.Number),
            SessionOutcome.Conflict => new SessionReplaceResult(SessionReplaceOutcome.Conflict, answer.Number),
            _ => default,
        };
    }

    public async Task<Session?> RegenerateIdAsync(string id, string? userId = null, CancellationToken cancellationToken = default)
    {
        var name = SessionName.Of(id);
        if (userId is not null)
        {
            SessionRules.CheckUser(userId, nameof(userId));
        }

        var newId = SessionName.NewIdLike(id);
        var command = new SessionCommand.Regenerate(SessionName.Of(newId).Secret, userId);

        // Broken off half-way it would leave the old id barred in the copy: whoever gives up waiting leaves it to end.
        var answer = await _keeper.ApplyAsync(name, command, CancellationToken.None).AsTask().WaitAsync(cancellationToken).ConfigureAwait(false);
        return answer.State?.ToSession(newId);
    }

    // No revocation is broken off: who signs out and closes the browser is signed out.
    public Task<bool> RevokeAsync(string id, CancellationToken cancellationToken = default)
    {
        var name = SessionName.Of(id);
        return _keeper.RevokeAsync(name.Handle, name.Secret, userId: null, CancellationToken.None).WaitAsync(cancellationToken);
    }

    public Task<bool> RevokeByHandleAsync(string userId, string handle, CancellationToken cancellationToken = default)
    {
        SessionRules.CheckUser(userId, nameof(userId));
        ArgumentNullException.ThrowIfNull(handle);
        return SessionName.IsHandle(handle)
            ? _keeper.RevokeAsync(handle, secret: null, userId, CancellationToken.None).WaitAsync(cancellationToken)
            : Task.FromResult(false);
    }

    public async Task<IReadOnlyList<SessionInfo>> ListOfUserAsync(
        string userId, string? currentId = null, CancellationToken cancellationToken = default)
    {
        SessionRules.CheckUser(userId, nameof(userId));
        var current = currentId is null ? null : SessionName.Of(currentId).Handle;
        var found = await _keeper.ListAsync(userId, cancellationToken).ConfigureAwait(false);
        return [.. found.Select(state => state.ToInfo(current)).OrderByDescending(info => info.LastSeenAt)];
    }

    public Task<int> RevokeAllOfUserAsync(string userId, string? exceptId = null, CancellationToken cancellationToken = default)
    {
        SessionRules.CheckUser(userId, nameof(userId));
        var exceptHandle = exceptId is null ? null : SessionName.Of(exceptId).Handle;
        return _keeper.RevokeAllAsync(userId, exceptHandle, CancellationToken.None).WaitAsync(cancellationToken);
    }

    /// <summary>Remembers what was used: its end has been moved on.</summary>
    private async ValueTask<SessionAnswer> ApplyAsync(string id, SessionCommand command, CancellationToken cancellationToken)
    {
        var name = SessionName.Of(id);
        var answer = await _keeper.ApplyAsync(name, command, cancellationToken).ConfigureAwait(false);
        if (answer.Outcome == SessionOutcome.Done)
        {
            _recent.Add(id, name);
        }

        return answer;
    }

    private void ThrowIfTooLarge(long size)
    {
        if (size > _options.MaximumSize)
        {
            throw new SessionTooLargeException(size, _options.MaximumSize);
        }
    }
}
