using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace HybridStore.Realtime.Sessions;

/// <summary>What is known of a session id outside its cookie: hashes.</summary>
/// <param name="Handle">SHA-256 of its first part, which names the session and stays with it: 43 characters.</param>
/// <param name="Secret">SHA-256 of all of it.</param>
internal readonly record struct SessionName(string Handle, byte[] Secret)
{
    public const int HandleLength = 43;

    private const int NameBytes = 16;
    private const int SecretBytes = 32;
    private const int NameLength = 22;

    // Longer than any id, so that what is cut to it is none.
    private const int LongestId = 128;

    /// <summary>A new id of a new session.</summary>
    public static string NewId()
    {
        Span<byte> name = stackalloc byte[NameBytes];
        RandomNumberGenerator.Fill(name);
        return WithNewSecret(Base64Url.EncodeToString(name));
    }

    /// <summary>A new id of the session of another. Of what is no id nothing comes that is one.</summary>
    public static string NewIdLike(string id) => WithNewSecret(id[..Math.Min(id.Length, NameLength)]);

    /// <summary>Of anything that somebody has sent as an id. All texts are treated alike, so that nothing shows what is wrong with one.</summary>
    public static SessionName Of(string id)
    {
        ArgumentNullException.ThrowIfNull(id);
        var text = id.AsSpan(0, Math.Min(id.Length, LongestId));
        Span<byte> bytes = stackalloc byte[LongestId * 3];
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        var length = Encoding.UTF8.GetBytes(text[..Math.Min(text.Length, NameLength)], bytes);
        SHA256.HashData(bytes[..length], hash);
        var handle = Base64Url.EncodeToString(hash);

        length = Encoding.UTF8.GetBytes(text, bytes);
        return new SessionName(handle, SHA256.HashData(bytes[..length]));
    }

    /// <summary>Whether somebody has sent what can be a handle.</summary>
    public static bool IsHandle(string handle) => handle.Length == HandleLength && Base64Url.IsValid(handle);

    private static string WithNewSecret(string name)
    {
        Span<byte> secret = stackalloc byte[SecretBytes];
        RandomNumberGenerator.Fill(secret);
        return name + Base64Url.EncodeToString(secret);
    }
}
