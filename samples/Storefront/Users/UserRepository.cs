using HybridStore;
using Storefront.Organisations;

namespace Storefront.Users;

/// <summary>Users. Whatever is cached about them carries their organisation's tag.</summary>
public sealed class UserRepository(IHybridStore store)
{
    // Program.cs watches the table with the same templates.
    internal static readonly KeyTemplate<int> Key = new("user:{id}");
    internal static readonly KeyTemplate<int> OfOrganisationKey = new("users-of-organisation:{organisationId}");

    private static readonly EntryOptions Profile = EntryOptions.Policy(PolicyNames.Profile);

    /// <summary>The tag depends on the loaded value: the reader knows the user's id, the row knows the organisation.</summary>
    public ValueTask<User?> FindAsync(int id, CancellationToken cancellationToken = default) =>
        store.GetAsync(
            Key.For(id),
            id,
            static async (id, context, token) =>
            {
                var user = await context.QuerySingleOrDefaultAsync<User>(
                    "select id, organisation_id as OrganisationId, email, name from app_user where id = @id", new { id }, token);
                if (user is not null)
                {
                    context.AddTag(OrganisationTags.For(user.OrganisationId));
                }

                return user;
            },
            Profile,
            cancellationToken);

    public ValueTask<IReadOnlyList<User>> OfOrganisationAsync(
        int organisationId, CancellationToken cancellationToken = default) =>
        store.GetAsync(
            OfOrganisationKey.For(organisationId),
            organisationId,
            static (organisationId, context, token) =>
            {
                context.AddTag(OrganisationTags.For(organisationId));
                return context.QueryAsync<User>(
                    """
                    select id, organisation_id as OrganisationId, email, name
                    from app_user where organisation_id = @organisationId order by id
                    """,
                    new { organisationId },
                    token);
            },
            Profile,
            cancellationToken);

    /// <summary>The new row tells which list shows the user.</summary>
    public Task<WriteReceipt<User?>> RenameAsync(int id, string name, CancellationToken cancellationToken = default) =>
        store.WriteAsync<User?>(
            async (context, token) =>
            {
                var user = await context.QuerySingleOrDefaultAsync<User>(
                    """
                    update app_user set name = @name where id = @id
                    returning id, organisation_id as OrganisationId, email, name
                    """,
                    new { id, name },
                    token);
                if (user is not null)
                {
                    context.Invalidate(Key.For(id));
                    context.Invalidate(OfOrganisationKey.For(user.OrganisationId));
                }

                return user;
            },
            cancellationToken: cancellationToken);
}
