using System.Text;
using System.Text.Json;

namespace HybridStore.Realtime;

/// <summary>A session as it was when it was read. Immutable and safe to use from any thread.</summary>
public sealed class Session
{
    internal Session(string id, string handle)
    {
        Id = id;
        Handle = handle;
    }

    /// <summary>What its user proves to be in it by: 65 characters of <c>A-Z a-z 0-9 - _</c>, for a cookie. A secret.</summary>
    public string Id { get; }

    /// <summary>What names it in a list without being good for anything else than <see cref="ISessionStore.RevokeByHandleAsync"/>: 43 characters.
    /// It stays the same when the id is regenerated.</summary>
    public string Handle { get; }

    /// <summary>Whose it is; <see langword="null"/>: nobody's.</summary>
    public string? UserId { get; internal init; }

    /// <summary>As in <see cref="SessionStart.Device"/>.</summary>
    public string? Device { get; internal init; }

    /// <summary>Grows with each change. For <see cref="ISessionStore.TryReplaceAsync"/>.</summary>
    public required long Version { get; init; }

    /// <summary>When it began.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it ends unless it is used before, by the clock of the server that answered.</summary>
    public required DateTimeOffset ExpiresAt { get; init; }

    /// <summary>When it ends however often it is used; <see langword="null"/>: never.</summary>
    public DateTimeOffset? EndsAt { get; internal init; }

    /// <summary>Its fields.</summary>
    public required IReadOnlyDictionary<string, ReadOnlyMemory<byte>> Fields { get; init; }

    /// <summary>A field as a text; <see langword="null"/>: there is none.</summary>
    /// <param name="name">The field.</param>
    public string? GetString(string name) => Fields.TryGetValue(name, out var value) ? Encoding.UTF8.GetString(value.Span) : null;

    /// <summary>A field that was written as JSON; the default of <typeparamref name="T"/>: there is none.</summary>
    /// <typeparam name="T">The value's type.</typeparam>
    /// <param name="name">The field.</param>
    /// <param name="options">How it was written; <see langword="null"/>: as <see cref="JsonSerializerOptions.Web"/>.</param>
    /// <exception cref="JsonException">The field holds something else.</exception>
    public T? GetJson<T>(string name, JsonSerializerOptions? options = null) => Fields.TryGetValue(name, out var value)
        ? JsonSerializer.Deserialize<T>(value.Span, options ?? JsonSerializerOptions.Web)
        : default;
}
