using System.Text;
using StackExchange.Redis;

namespace HybridStore.Realtime.Sessions;

/// <summary>Reads what session-get.lua and session-change.lua answer. What cannot be read is no session.</summary>
internal static class SessionReply
{
    private const byte FieldMark = (byte)':';
    private const int Whole = 5;

    public static SessionAnswer Read(RedisResult reply, string handle, byte[] secret)
    {
        var parts = (RedisResult[])reply!;
        var now = (long)parts[0];
        switch (parts.Length)
        {
            case Whole:
                break;
            case 1:
                return new SessionAnswer(SessionOutcome.NotFound, now);
            default:
                var outcome = (string?)parts[1] == "conflict" ? SessionOutcome.Conflict : SessionOutcome.TooLarge;
                return new SessionAnswer(outcome, now, (long)parts[2]);
        }

        var (ttl, due, version) = ((long)parts[1], (int)parts[2], (long)parts[3]);
        var hash = (RedisResult[])parts[4]!;
        return new SessionAnswer(SessionOutcome.Done, now, version)
        {
            State = hash.Length == 0 ? null : ReadState(hash, handle, secret, now, now + ttl, version),
            IsIndexDue = (due & 1) != 0,
            IsCopyDue = (due & 2) != 0,
        };
    }

    private static SessionState ReadState(RedisResult[] hash, string handle, byte[] secret, long now, long expiresAt, long version)
    {
        var fields = new Dictionary<string, ReadOnlyMemory<byte>>(hash.Length / 2, StringComparer.Ordinal);
        var (createdAt, lastSeenAt) = (now, now);
        long? endsAt = null;
        string? user = null, device = null;
        for (var index = 0; index + 1 < hash.Length; index += 2)
        {
            ReadOnlyMemory<byte> name = (byte[])hash[index]!;
            var value = (RedisValue)hash[index + 1];
            if (name.Length > 1 && name.Span[0] == FieldMark)
            {
                fields[Encoding.UTF8.GetString(name.Span[1..])] = (byte[])value!;
                continue;
            }

            switch (name.Length == 1 ? (char)name.Span[0] : default)
            {
                case 'c':
                    createdAt = ReadTime(value) ?? now;
                    break;
                case 'l':
                    lastSeenAt = ReadTime(value) ?? now;
                    break;
                case 'e':
                    endsAt = ReadTime(value);
                    break;
                case 'u':
                    user = value;
                    break;
                case 'd':
                    device = value;
                    break;
            }
        }

        return new SessionState
        {
            Handle = handle,
            Secret = secret,
            Now = now,
            Version = version,
            CreatedAt = createdAt,
            LastSeenAt = lastSeenAt,
            ExpiresAt = expiresAt,
            EndsAt = endsAt,
            UserId = user,
            Device = device,
            Fields = fields,
        };
    }

    /// <summary>Null for what is no time that a <see cref="DateTimeOffset"/> can be.</summary>
    private static long? ReadTime(RedisValue value) =>
        value.TryParse(out long milliseconds) && milliseconds is >= 0 and < 253_402_300_800_000 ? milliseconds : null;
}
