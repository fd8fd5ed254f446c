using HybridStore.Realtime;
using Microsoft.AspNetCore.Authentication;

namespace HybridStore.AspNetCore;

/// <summary>Finds the session that a request was authenticated by.</summary>
public static class SessionTicketExtensions
{
    internal const string Parameter = "HybridStore.Session";

    /// <summary>The session whose ticket this is, for a list of devices or for signing out all others:
    /// <c>(await context.AuthenticateAsync()).Properties?.GetSession()</c>.</summary>
    /// <param name="properties">The properties of an authenticated request.</param>
    /// <returns>The session; <see langword="null"/>: the ticket is of no <c>AddTicketStore</c>, or the request was signed in just now.</returns>
    public static Session? GetSession(this AuthenticationProperties properties)
    {
        ArgumentNullException.ThrowIfNull(properties);
        return properties.GetParameter<Session>(Parameter);
    }
}
