using System.Security.Claims;
using System.Security.Cryptography;
using HybridStore.Realtime;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Http;

namespace HybridStore.AspNetCore.Tickets;

/// <summary>Keeps the ticket of who has signed in in a session, so that the cookie carries its id alone, and revoking the session signs out.</summary>
internal sealed class SessionTicketStore(ISessionStore sessions, IDataProtectionProvider protection) : ITicketStore
{
    private const string Field = "ticket";
    private const int LongestUserId = 256;
    private const int LongestDevice = 512;

    private readonly IDataProtector _protector = protection.CreateProtector("HybridStore.AspNetCore.Tickets.v1");

    public Task<string> StoreAsync(AuthenticationTicket ticket) => StoreAsync(ticket, userAgent: null, CancellationToken.None);

    public Task<string> StoreAsync(AuthenticationTicket ticket, CancellationToken cancellationToken) =>
        StoreAsync(ticket, userAgent: null, cancellationToken);

    public Task<string> StoreAsync(AuthenticationTicket ticket, HttpContext httpContext, CancellationToken cancellationToken) =>
        StoreAsync(ticket, httpContext.Request.Headers.UserAgent.ToString(), cancellationToken);

    public Task RenewAsync(string key, AuthenticationTicket ticket) => RenewAsync(key, ticket, CancellationToken.None);

    /// <summary>What was revoked meanwhile stays so.</summary>
    public Task RenewAsync(string key, AuthenticationTicket ticket, CancellationToken cancellationToken) =>
        sessions.MergeAsync(key, new SessionChanges().Set(Field, Protect(ticket)), cancellationToken);

    public Task<AuthenticationTicket?> RetrieveAsync(string key) => RetrieveAsync(key, CancellationToken.None);

    public async Task<AuthenticationTicket?> RetrieveAsync(string key, CancellationToken cancellationToken)
    {
        var session = await sessions.GetAsync(key, cancellationToken).ConfigureAwait(false);
        if (session is null || !session.Fields.TryGetValue(Field, out var ticket) || Unprotect(ticket) is not { } found)
        {
            return null;
        }

        found.Properties.SetParameter(SessionTicketExtensions.Parameter, session);
        return found;
    }

    public Task RemoveAsync(string key) => RemoveAsync(key, CancellationToken.None);

    public Task RemoveAsync(string key, CancellationToken cancellationToken) => sessions.RevokeAsync(key, cancellationToken);

    private static string? DeviceOf(string? userAgent)
    {
        var text = string.Concat((userAgent ?? "").Where(letter => !char.IsControl(letter) && !char.IsSurrogate(letter)));
        return text.Length == 0 ? null : text[..Math.Min(text.Length, LongestDevice)];
    }

    private async Task<string> StoreAsync(AuthenticationTicket ticket, string? userAgent, CancellationToken cancellationToken)
    {
        var userId = ticket.Principal.FindFirstValue(ClaimTypes.NameIdentifier) ?? ticket.Principal.FindFirstValue("sub");
        if (userId is { Length: 0 or > LongestUserId })
        {
            throw new InvalidOperationException(
                $"The claim that names the user has {userId.Length} characters: 1 to {LongestUserId} are needed to list and revoke their sessions.");
        }

        var session = await sessions.CreateAsync(
            new SessionStart
            {
                UserId = userId,
                Device = DeviceOf(userAgent),
                Fields = new SessionChanges().Set(Field, Protect(ticket)),
            },
            cancellationToken).ConfigureAwait(false);
        return session.Id;
    }

    private byte[] Protect(AuthenticationTicket ticket) => _protector.Protect(TicketSerializer.Default.Serialize(ticket));

    /// <summary>Null for what was protected by keys that are gone, or was not protected at all: its user signs in again.</summary>
    private AuthenticationTicket? Unprotect(ReadOnlyMemory<byte> ticket)
    {
        try
        {
            return TicketSerializer.Default.Deserialize(_protector.Unprotect(ticket.ToArray()));
        }
        catch (CryptographicException)
        {
            return null;
        }
    }
}
