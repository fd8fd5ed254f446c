namespace HybridStore.Realtime.Sessions;

/// <summary>The SQL of the copy, for a schema and a store. Times go in as distances in milliseconds and come out by PostgreSQL's clock: no other
/// clock decides.</summary>
internal sealed class SessionCopyStatements(string quotedSchema)
{
    private const string Columns = """
        handle, secret, version, user_id, device, (extract(epoch from clock_timestamp()) * 1000)::bigint,
        (extract(epoch from created_at) * 1000)::bigint, (extract(epoch from last_seen_at) * 1000)::bigint,
        (extract(epoch from expires_at) * 1000)::bigint, (extract(epoch from ends_at) * 1000)::bigint, names, contents, revoked
        """;

    private const string Live = "store = $2 and not revoked and expires_at > clock_timestamp()";

    private readonly string _table = $"{quotedSchema}.session";

    /// <summary>$1 handle, $2 store, $3 secret, $4 version, $5 user, $6 device, $7 to $10 the distances of beginning, last use, end and last end,
    /// $11 names, $12 contents, $13 whether Redis has not heard of it. Nothing older than what is there, and nothing that was revoked.</summary>
    public string Save => $"""
        insert into {_table} as session (handle, store, secret, version, user_id, device, created_at, last_seen_at, expires_at, ends_at, names, contents, ahead)
        values ($1, $2, $3, $4, $5, $6, clock_timestamp() + $7::bigint * interval '1 ms', clock_timestamp() + $8::bigint * interval '1 ms',
          clock_timestamp() + $9::bigint * interval '1 ms', clock_timestamp() + $10::bigint * interval '1 ms', $11, $12, $13)
        on conflict (handle) do update set secret = excluded.secret, version = excluded.version, user_id = excluded.user_id,
          device = excluded.device, last_seen_at = excluded.last_seen_at, expires_at = greatest(session.expires_at, excluded.expires_at),
          ends_at = excluded.ends_at, names = excluded.names, contents = excluded.contents, ahead = excluded.ahead
        where not session.revoked and session.version <= excluded.version
        returning (extract(epoch from clock_timestamp()) * 1000)::bigint
        """;

    /// <summary>$1 handle, $2 store, $3 secret.</summary>
    public string Find => $"select {Columns} from {_table} where handle = $1 and {Live} and secret = $3 and secret is distinct from barred";

    /// <summary>As <see cref="Find"/>, and nobody revokes it until the transaction has ended.</summary>
    public string FindAndHold => $"{Find} for share";

    /// <summary>As <see cref="Find"/>, for a change; $4: an id that is barred all the same.</summary>
    public string FindForChange =>
        $"select {Columns} from {_table} where handle = $1 and {Live} and secret = $3 and (secret is distinct from barred or secret = $4) for update";

    /// <summary>$1 handle, $2 store.</summary>
    public string Standing => $"select version, revoked from {_table} where handle = $1 and store = $2";

    /// <summary>$1 handle, $2 the distance of its end.</summary>
    public string Extend => $"""
        update {_table} set last_seen_at = clock_timestamp(),
          expires_at = least(coalesce(ends_at, 'infinity'), clock_timestamp() + $2::bigint * interval '1 ms')
        where handle = $1 and not revoked
        """;

    /// <summary>$1 handle, $2 secret.</summary>
    public string Bar => $"update {_table} set barred = secret where handle = $1 and secret = $2";

    /// <summary>$1 handle, $2 store, $3 for how long it is remembered.</summary>
    public string Revoke => $"""
        insert into {_table} as session (handle, store, secret, version, created_at, last_seen_at, expires_at, names, contents, revoked, ahead)
        values ($1, $2, '', 0, clock_timestamp(), clock_timestamp(), clock_timestamp() + $3::bigint * interval '1 ms', array[]::text[], array[]::bytea[], true, true)
        on conflict (handle) do update set {Revoking("$3")}
        """;

    /// <summary>$1 handle, $2 store, $3 for how long it is remembered, $4 secret and $5 user: null for any.</summary>
    public string RevokeIfLive => $"""
        update {_table} set {Revoking("$3")}
        where handle = $1 and {Live} and ($4::bytea is null or secret = $4 and secret is distinct from barred) and ($5::text is null or user_id = $5)
        """;

    /// <summary>$1 user, $2 store, $3 for how long it is remembered, $4 the handle of one that is spared.</summary>
    public string RevokeAll => $"""
        update {_table} set {Revoking("$3")}
        where user_id = $1 and {Live} and handle is distinct from $4
        returning handle
        """;

    /// <summary>$1 user, $2 store.</summary>
    public string List => $"select {Columns} from {_table} where user_id = $1 and {Live}";

    /// <summary>$1 how many, $2 store.</summary>
    public string Ahead => $"select {Columns} from {_table} where store = $2 and ahead limit $1";

    /// <summary>$1 handle, $2 version, $3 whether it was revoked.</summary>
    public string Settle => $"update {_table} set ahead = false where handle = $1 and version = $2 and revoked = $3";

    /// <summary>$1 handle.</summary>
    public string SettleRevoked => $"update {_table} set ahead = false where handle = $1 and revoked";

    /// <summary>$1 how many, $2 store.</summary>
    public string Purge => $"""
        delete from {_table} where handle in (select handle from {_table} where store = $2 and expires_at < clock_timestamp() limit $1)
          and expires_at < clock_timestamp()
        """;

    private static string Revoking(string distance) =>
        "revoked = true, ahead = true, names = array[]::text[], contents = array[]::bytea[], "
        + $"expires_at = greatest(session.expires_at, clock_timestamp() + {distance}::bigint * interval '1 ms')";
}
