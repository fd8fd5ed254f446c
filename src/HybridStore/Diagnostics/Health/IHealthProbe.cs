namespace HybridStore.Diagnostics.Health;

/// <summary>Looks at one thing that a store's health depends on. Made for one check and thrown away.</summary>
internal interface IHealthProbe
{
    /// <summary>Looks. Whatever it throws, and its being too late, becomes what <see cref="Unanswered"/> says.</summary>
    Task<ProbeAnswer> ProbeAsync(CancellationToken cancellationToken);

    /// <summary>What it means that there is no answer.</summary>
    /// <param name="failure">The failure as it may be shown.</param>
    ProbeAnswer Unanswered(string failure);
}
