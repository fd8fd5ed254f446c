using Microsoft.Extensions.DependencyInjection;

namespace HybridStore.IntegrationTests.Readme;

/// <summary>A watched table, as it stands in README.md.</summary>
internal static class WatchedUsers
{
    public static void Register(IServiceCollection services, Action<HybridStoreOptions> configure)
    {
        // readme: watch
        services.AddHybridStore(configure)
            .Watch("public.users", users => users
                .Key(UserKeys.ById)
                .Tag("org:{org_id}"));
        // readme: end
    }

    public static async Task<(string Shown, string? Name)> ReadAsync(IHybridStore store, int id)
    {
        // readme: bounded
        var recent = store.With(new ReadOptions { MaxStaleness = TimeSpan.FromSeconds(2) });
        var name = await recent.GetAsync<string>(
            UserKeys.ById.For(id), "select name from users where id = @id", new { id });
        // readme: end

        return (UserKeys.ById.For(id), name);
    }

    private static class UserKeys
    {
        public static readonly KeyTemplate<int> ById = new("user:{id}");
    }
}
