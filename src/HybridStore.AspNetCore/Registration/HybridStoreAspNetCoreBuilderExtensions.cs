using HybridStore.AspNetCore;
using HybridStore.AspNetCore.Caching;
using HybridStore.AspNetCore.Tickets;
using HybridStore.Realtime;
using HybridStore.Realtime.Registration;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.Extensions.Caching.Distributed;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Lets ASP.NET Core keep what it knows of its users beside a store.</summary>
public static class HybridStoreAspNetCoreBuilderExtensions
{
    /// <summary>Keeps the tickets of a cookie scheme in <see cref="ISessionStore"/>, protected by Data Protection: the cookie carries the session's
    /// id alone, and revoking the session signs its user out. The user of a session is the claim <c>NameIdentifier</c>, or <c>sub</c>. A session
    /// ends with its ticket or with <see cref="SessionStoreOptions.SlidingExpiration"/>, whichever comes first. Needs <c>AddSessions</c>, and Data
    /// Protection with keys that all instances share, as cookies do anyway.</summary>
    /// <remarks>
    /// <para>Sign out, in a request before, and then sign in: that makes a new id. Whoever signs in again over a session of their own keeps its id,
    /// and signing in over a session of another user ends that and throws <see cref="InvalidOperationException"/>.</para>
    /// <para>While sessions cannot be had, authenticating throws <see cref="SessionStoreUnavailableException"/>: answer with 503. Signing in with a
    /// ticket larger than <see cref="SessionStoreOptions.MaximumSize"/> throws <see cref="SessionTooLargeException"/>.</para>
    /// </remarks>
    /// <param name="builder">The store's builder.</param>
    /// <param name="scheme">The cookie scheme.</param>
    /// <exception cref="ArgumentException"><paramref name="scheme"/> is empty.</exception>
    public static IHybridStoreBuilder AddTicketStore(
        this IHybridStoreBuilder builder, string scheme = CookieAuthenticationDefaults.AuthenticationScheme)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentException.ThrowIfNullOrEmpty(scheme);
        var key = RealtimeRegistration.AddRoot(builder).Key;
        builder.Services.AddDataProtection();
        builder.Services.AddOptions<CookieAuthenticationOptions>(scheme).Configure<IServiceProvider>((options, services) =>
            options.SessionStore = new SessionTicketStore(
                RealtimeRegistration.Get<ISessionStore>(services, key), services.GetRequiredService<IDataProtectionProvider>()));
        return builder;
    }

    /// <summary>Adds <see cref="IDistributedCache"/>, under the store's key where it has one, for the session middleware and whoever else wants
    /// bytes kept by several instances. While Redis is away its members throw <see cref="SessionStoreUnavailableException"/>, within the time-out;
    /// the middleware logs that and goes on with an empty session.</summary>
    /// <param name="builder">The store's builder.</param>
    /// <param name="configure">Sets the options.</param>
    public static IHybridStoreBuilder AddDistributedCache(
        this IHybridStoreBuilder builder, Action<DistributedCacheStoreOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        RealtimeRegistration.Add<IDistributedCache, DistributedCacheStore, DistributedCacheStoreOptions>(
            builder, configure, static (root, options) => new DistributedCacheStore(root, options));
        return builder;
    }
}
