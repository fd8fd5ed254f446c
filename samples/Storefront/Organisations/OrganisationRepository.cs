using HybridStore;

namespace Storefront.Organisations;

/// <summary>Organisations. Deleting one takes its users and their orders along, in PostgreSQL and in the cache.</summary>
public sealed class OrganisationRepository(IHybridStore store)
{
    private static readonly KeyTemplate<int> Key = new("organisation:{id}");
    private static readonly EntryOptions Profile = EntryOptions.Policy(PolicyNames.Profile);

    public ValueTask<Organisation?> FindAsync(int id, CancellationToken cancellationToken = default) =>
        store.GetAsync(
            Key.For(id),
            id,
            static (id, context, token) =>
            {
                context.AddTag(OrganisationTags.For(id));
                return context.QuerySingleOrDefaultAsync<Organisation>(
                    "select id, name from organisation where id = @id", new { id }, token);
            },
            Profile,
            cancellationToken);

    /// <summary>PostgreSQL cascades to users and orders; the tag does the same for what is cached. Nothing here needs to know
    /// which keys those are.</summary>
    public Task<WriteReceipt<int>> DeleteAsync(int id, CancellationToken cancellationToken = default) =>
        store.WriteAsync<int>(
            async (context, token) =>
            {
                context.InvalidateTag(OrganisationTags.For(id));
                return await context.ExecuteAsync("delete from organisation where id = @id", new { id }, token);
            },
            cancellationToken: cancellationToken);
}
