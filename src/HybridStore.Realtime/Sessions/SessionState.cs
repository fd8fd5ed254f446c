namespace HybridStore.Realtime.Sessions;

/// <summary>A session as Redis or its copy has it. Times are milliseconds since 1970 by the clock of whoever has it, as is <see cref="Now"/>: from
/// one to the other they go as distances.</summary>
internal sealed record SessionState
{
    public required string Handle { get; init; }

    /// <summary>SHA-256 of its id.</summary>
    public required byte[] Secret { get; init; }

    public required long Now { get; init; }

    public required long Version { get; init; }

    public required long CreatedAt { get; init; }

    public required long LastSeenAt { get; init; }

    public required long ExpiresAt { get; init; }

    /// <summary>Null: never.</summary>
    public long? EndsAt { get; init; }

    public string? UserId { get; init; }

    public string? Device { get; init; }

    public required IReadOnlyDictionary<string, ReadOnlyMemory<byte>> Fields { get; init; }

    /// <summary>The bytes of all names and values.</summary>
    public long Size => SizeOf(Fields);

    public static long SizeOf(IReadOnlyDictionary<string, ReadOnlyMemory<byte>> fields)
    {
        var size = 0L;
        foreach (var (name, value) in fields)
        {
            size += System.Text.Encoding.UTF8.GetByteCount(name) + value.Length;
        }

        return size;
    }

    /// <summary>For how many milliseconds the index of the user holds it: longer than it may live without being used, so that it is told now and
    /// then alone.</summary>
    public long IndexedFor(long sliding)
    {
        var lives = ExpiresAt - Now + (sliding / 2);
        return EndsAt is { } ends ? Math.Min(ends - Now, lives) : lives;
    }

    /// <summary>The same session by another clock.</summary>
    /// <param name="now">What that clock shows at <see cref="Now"/>.</param>
    public SessionState At(long now) => this with
    {
        Now = now,
        CreatedAt = CreatedAt - Now + now,
        LastSeenAt = LastSeenAt - Now + now,
        ExpiresAt = ExpiresAt - Now + now,
        EndsAt = EndsAt - Now + now,
    };

    public Session ToSession(string id) => new(id, Handle)
    {
        UserId = UserId,
        Device = Device,
        Version = Version,
        CreatedAt = DateTimeOffset.FromUnixTimeMilliseconds(CreatedAt),
        ExpiresAt = DateTimeOffset.FromUnixTimeMilliseconds(ExpiresAt),
        EndsAt = EndsAt is { } ends ? DateTimeOffset.FromUnixTimeMilliseconds(ends) : null,
        Fields = Fields,
    };

    public SessionInfo ToInfo(string? current) => new(
        Handle,
        Device,
        DateTimeOffset.FromUnixTimeMilliseconds(CreatedAt),
        DateTimeOffset.FromUnixTimeMilliseconds(LastSeenAt),
        DateTimeOffset.FromUnixTimeMilliseconds(ExpiresAt),
        Handle == current);
}
