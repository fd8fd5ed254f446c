using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;

namespace HybridStore;

/// <summary>
/// Stands for a committed write. Whoever reads with it (<see cref="ReadOptions.AtLeast"/>) gets what reflects that write, also in another
/// process, and whatever the state of the write's invalidation. Its text is short and fit for a cookie or a header; what it says is not secret.
/// Of several writes of one user the token of the last one is enough.
/// </summary>
/// <remarks>Text form, base64url without padding: the byte 1, or 2 where the journal names what the write has changed; then the transaction's id, seven bits a byte, the lowest first, the high
/// bit set where more follow. The text of the default is empty. A text that somebody has made up costs its reader loads from PostgreSQL and
/// shows nothing.</remarks>
public readonly record struct WriteToken : IParsable<WriteToken>
{
    private const byte Version = 1;
    private const byte JournaledVersion = 2;
    private const int LongestText = 16;
    private const int LongestBytes = 12;

    internal WriteToken(ulong? transactionId, bool isJournaled = false) =>
        (TransactionId, IsJournaled) = (transactionId, isJournaled && transactionId is not null);

    /// <summary>The write that is to be reflected; null if there is none.</summary>
    internal ulong? TransactionId { get; }

    /// <summary>Whether the journal names what it has changed: once a mark sees it, no entry is older.</summary>
    internal bool IsJournaled { get; }

    /// <summary>The token of a text.</summary>
    /// <param name="s">What <see cref="ToString"/> gave.</param>
    /// <param name="provider">Has no influence.</param>
    /// <exception cref="FormatException">It is no token.</exception>
    public static WriteToken Parse(string s, IFormatProvider? provider = null)
    {
        ArgumentNullException.ThrowIfNull(s);
        return TryParse(s, provider, out var token)
            ? token
            : throw new FormatException(
                $"'{s[..Math.Min(s.Length, 16)]}' is not a write token: pass the text of WriteReceipt.Token unchanged, or use TryParse for what users send.");
    }

    /// <summary>The token of a text that may be anything, such as a cookie's.</summary>
    /// <param name="s">Text, or null.</param>
    /// <param name="provider">Has no influence.</param>
    /// <param name="result">The token; where there is none, one that asks for nothing.</param>
    /// <returns>Whether it is a token. An empty text is, and asks for nothing.</returns>
    public static bool TryParse([NotNullWhen(true)] string? s, IFormatProvider? provider, out WriteToken result)
    {
        result = default;
        if (s is not { Length: <= LongestText })
        {
            return false;
        }

        Span<byte> bytes = stackalloc byte[LongestBytes];
        if (!Base64Url.IsValid(s) || !Base64Url.TryDecodeFromChars(s, bytes, out var length))
        {
            return false;
        }

        if (length == 0)
        {
            return s.Length == 0;
        }

        ulong id = 0;
        var shift = 0;
        for (var i = 1; i < length; i++, shift += 7)
        {
            id |= (bytes[i] & 0x7FUL) << shift;
            var isLast = bytes[i] < 0x80;

            // Nothing behind the last byte, no zeros in front, nothing that a transaction's id cannot be.
            if (isLast != (i == length - 1) || shift > 56)
            {
                return false;
            }
        }

        if (bytes[0] is not (Version or JournaledVersion) || id < 3 || bytes[length - 1] == 0)
        {
            return false;
        }

        // One text for each token: neither padding nor white space, which decoders take.
        var token = new WriteToken(id, bytes[0] == JournaledVersion);
        if (token.ToString() != s)
        {
            return false;
        }

        result = token;
        return true;
    }

    /// <inheritdoc cref="TryParse(string, IFormatProvider, out WriteToken)"/>
    public static bool TryParse([NotNullWhen(true)] string? s, out WriteToken result) => TryParse(s, null, out result);

    /// <summary>The text for a cookie or a header: at most 14 characters of <c>A-Z a-z 0-9 - _</c>.</summary>
    public override string ToString()
    {
        if (TransactionId is not { } id)
        {
            return "";
        }

        Span<byte> bytes = stackalloc byte[LongestBytes];
        bytes[0] = IsJournaled ? JournaledVersion : Version;
        var length = 1;
        for (; id >= 0x80; id >>= 7)
        {
            bytes[length++] = (byte)(id | 0x80);
        }

        bytes[length++] = (byte)id;
        return Base64Url.EncodeToString(bytes[..length]);
    }
}
