namespace Storefront.Users;

/// <summary>Somebody who orders, on behalf of an organisation.</summary>
public sealed record User(int Id, int OrganisationId, string Email, string Name);
