using HybridStore;

namespace Storefront.Organisations;

/// <summary>An account: the company that users belong to.</summary>
public sealed record Organisation(int Id, string Name);

/// <summary>The tag of everything that is cached about an organisation, wherever it is loaded.</summary>
public static class OrganisationTags
{
    private static readonly KeyTemplate<int> Tag = new("organisation:{id}");

    public static string For(int organisationId) => Tag.For(organisationId);
}
