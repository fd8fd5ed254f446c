using Storefront.Users;

namespace Storefront.Organisations;

internal static class OrganisationEndpoints
{
    public static void MapOrganisations(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/organisations/{id:int}", async (int id, OrganisationRepository repository, CancellationToken token) =>
            await repository.FindAsync(id, token) is { } organisation ? Results.Ok(organisation) : Results.NotFound());

        routes.MapGet("/organisations/{id:int}/users", (int id, UserRepository users, CancellationToken token) =>
            users.OfOrganisationAsync(id, token));

        routes.MapDelete("/organisations/{id:int}", async (int id, OrganisationRepository repository, CancellationToken token) =>
            (await repository.DeleteAsync(id, token)).Result == 0 ? Results.NotFound() : Results.NoContent());
    }
}
