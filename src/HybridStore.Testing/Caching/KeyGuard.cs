namespace HybridStore.Testing.Caching;

/// <summary>What is known of a key beside its entry: the writes that have invalidated it, and the lease of the load that may store it. Not
/// thread-safe.</summary>
internal sealed class KeyGuard
{
    private byte[]? _token;

    public Fences Fences { get; } = new();

    public long GrantedAt { get; private set; }

    public long EndsAt { get; private set; }

    public bool IsHeld(long now) => _token is not null && EndsAt > now;

    public bool IsHeldBy(byte[] token) => _token is not null && _token.AsSpan().SequenceEqual(token);

    public void Grant(byte[] token, long now, long endsAt) => (_token, GrantedAt, EndsAt) = (token, now, endsAt);

    public void Extend(long endsAt) => EndsAt = Math.Max(EndsAt, endsAt);

    public void Revoke() => _token = null;
}
