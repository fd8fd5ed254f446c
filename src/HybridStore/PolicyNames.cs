namespace HybridStore;

/// <summary>The policies that every store knows from the start. Each can be changed with <c>AddPolicy</c> or in
/// configuration.</summary>
public static class PolicyNames
{
    /// <summary>User and account profiles: 1 hour.</summary>
    public const string Profile = "profile";

    /// <summary>Inventory as it is shown (not as it is sold): 5 minutes.</summary>
    public const string Inventory = "inventory";

    /// <summary>Prices: 1 minute.</summary>
    public const string Price = "price";

    /// <summary>Static content: 24 hours.</summary>
    public const string StaticContent = "static";

    /// <summary>What must not be cached, such as stock at order time.</summary>
    public const string Never = "never";
}
