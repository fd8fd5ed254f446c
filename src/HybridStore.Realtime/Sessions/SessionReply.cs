using StackExchange.Redis;

namespace HybridStore.Realtime.Sessions;

/// <summary>Reads what session-get.lua and session-change.lua answer. What cannot be read is no session.</summary>
internal static class SessionReply
{
    private const int NotThere = 1;
    private const int Refused = 3;
    private const int Whole = 9;

    /// <summary>What of the hash is read without a script (session-get.lua). Encoded once, not with each call.</summary>
    public static RedisValue[] FieldsOfHash { get; } =
        ["s"u8.ToArray(), "v"u8.ToArray(), "x"u8.ToArray(), "c"u8.ToArray(), "e"u8.ToArray(), "u"u8.ToArray(), "d"u8.ToArray(), "f"u8.ToArray()];

    /// <summary>Reads <see cref="FieldsOfHash"/>. It was used a moment ago, so that when it ends is known, and what time it is does not matter.
    /// </summary>
    public static SessionState? ReadHash(RedisValue[] values, SessionName name)
    {
        if (!((ReadOnlyMemory<byte>)values[0]).Span.SequenceEqual(name.Secret)
            || !values[1].TryParse(out long version)
            || ReadTime(values[2]) is not { } expiresAt
            || SessionFields.Read((byte[]?)values[7]) is not { } fields)
        {
            return null;
        }

        var createdAt = ReadTime(values[3]) ?? expiresAt;
        return new SessionState
        {
            Handle = name.Handle,
            Secret = name.Secret,
            Now = 0,
            Version = version,
            CreatedAt = createdAt,
            LastSeenAt = createdAt,
            ExpiresAt = expiresAt,
            EndsAt = ReadTime(values[4]),
            UserId = values[5],
            Device = values[6],
            Fields = fields,
        };
    }

    public static SessionAnswer Read(RedisResult reply, string handle, byte[] secret)
    {
        var parts = (RedisResult[])reply!;
        var now = (long)parts[0];
        switch (parts.Length)
        {
            case NotThere:
                return new SessionAnswer(SessionOutcome.NotFound, now);
            case Refused:
                var outcome = (string?)parts[1] == "conflict" ? SessionOutcome.Conflict : SessionOutcome.TooLarge;
                return new SessionAnswer(outcome, now, (long)parts[2]);
        }

        var (due, version) = ((int)parts[2], (long)parts[3]);
        SessionState? state = null;
        if (parts.Length == Whole)
        {
            if (SessionFields.Read((byte[]?)parts[8]) is not { } fields)
            {
                return new SessionAnswer(SessionOutcome.NotFound, now);
            }

            state = new SessionState
            {
                Handle = handle,
                Secret = secret,
                Now = now,
                Version = version,
                CreatedAt = ReadTime((RedisValue)parts[4]) ?? now,
                LastSeenAt = now,
                ExpiresAt = now + (long)parts[1],
                EndsAt = ReadTime((RedisValue)parts[5]),
                UserId = (string?)parts[6],
                Device = (string?)parts[7],
                Fields = fields,
            };
        }

        return new SessionAnswer(SessionOutcome.Done, now, version)
        {
            State = state,
            IsIndexDue = (due & 1) != 0,
            IsCopyDue = (due & 2) != 0,
        };
    }

    /// <summary>Null for what is no time that a <see cref="DateTimeOffset"/> can be.</summary>
    private static long? ReadTime(RedisValue value) =>
        !value.IsNull && value.TryParse(out long milliseconds) && milliseconds is >= 0 and < 253_402_300_800_000 ? milliseconds : null;
}
