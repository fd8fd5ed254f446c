namespace HybridStore.Reading;

/// <summary>What a load needs of Redis.</summary>
/// <param name="Leases">Grants leases.</param>
/// <param name="Reader">Reads what others have stored meanwhile.</param>
/// <param name="Storer">Stores what was loaded.</param>
/// <param name="Keeper">Renews leases while loads run under them.</param>
internal sealed record LoaderCache(LeaseAcquirer Leases, EntryReader Reader, EntryStorer Storer, LeaseKeeper Keeper);
