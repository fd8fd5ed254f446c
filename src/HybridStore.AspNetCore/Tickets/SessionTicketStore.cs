using System.Security.Claims;
using System.Security.Cryptography;
using HybridStore.Realtime;
using HybridStore.Realtime.Sessions;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Http;

namespace HybridStore.AspNetCore.Tickets;

/// <summary>Keeps the ticket of who has signed in in a session, so that the cookie carries its id alone, and revoking the session signs out.</summary>
internal sealed class SessionTicketStore(ISessionStore sessions, IDataProtectionProvider protection) : ITicketStore
{
    private const string Field = "ticket";
    private const int LongestDevice = 512;

    private readonly IDataProtector _protector = protection.CreateProtector("HybridStore.AspNetCore.Tickets.v1");

    public Task<string> StoreAsync(AuthenticationTicket ticket) => StoreAsync(ticket, userAgent: null, CancellationToken.None);

    public Task<string> StoreAsync(AuthenticationTicket ticket, CancellationToken cancellationToken) =>
        StoreAsync(ticket, userAgent: null, cancellationToken);

    public Task<string> StoreAsync(AuthenticationTicket ticket, HttpContext httpContext, CancellationToken cancellationToken) =>
        StoreAsync(ticket, httpContext.Request.Headers.UserAgent.ToString(), cancellationToken);

    public Task RenewAsync(string key, AuthenticationTicket ticket) => RenewAsync(key, ticket, CancellationToken.None);

    /// <summary>What was revoked meanwhile stays so. Whoever signs in over somebody else's session comes here as well: they would get an id that
    /// the other knows, and revoking all of theirs would miss it.</summary>
    public async Task RenewAsync(string key, AuthenticationTicket ticket, CancellationToken cancellationToken)
    {
        if (await sessions.GetAsync(key, cancellationToken).ConfigureAwait(false) is not { } session)
        {
            return;
        }

        if (!string.Equals(session.UserId, UserIdOf(ticket), StringComparison.Ordinal))
        {
            await sessions.RevokeAsync(key, CancellationToken.None).ConfigureAwait(false);
            throw new InvalidOperationException(
                "This request came with the session of another user, which is ended now: sign the other user out, in a request before, and sign in "
                + "again.");
        }

        await sessions.MergeAsync(key, new SessionChanges().Set(Field, Protect(ticket)), cancellationToken).ConfigureAwait(false);
    }

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

    /// <summary>Ends also what a browser that has gone away meanwhile has signed out of.</summary>
    public Task RemoveAsync(string key, CancellationToken cancellationToken) => sessions.RevokeAsync(key, CancellationToken.None);

    private static string? UserIdOf(AuthenticationTicket ticket) =>
        ticket.Principal.FindFirstValue(ClaimTypes.NameIdentifier) ?? ticket.Principal.FindFirstValue("sub");

    private static string? DeviceOf(string? userAgent)
    {
        var text = string.Concat((userAgent ?? "").Where(letter => !char.IsControl(letter) && !char.IsSurrogate(letter)));
        return text.Length == 0 ? null : text[..Math.Min(text.Length, LongestDevice)];
    }

    private async Task<string> StoreAsync(AuthenticationTicket ticket, string? userAgent, CancellationToken cancellationToken)
    {
        var userId = UserIdOf(ticket);
        if (userId is not null)
        {
            SessionRules.CheckUser(userId, nameof(ticket));
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
