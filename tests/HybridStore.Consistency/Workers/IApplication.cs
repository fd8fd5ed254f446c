namespace HybridStore.Consistency.Workers;

/// <summary>What the sessions of a worker do, through the cache that is soaked.</summary>
internal interface IApplication : IAsyncDisposable
{
    /// <summary>Chooses one operation at random and does it. Whatever fails is written down.</summary>
    Task OperateAsync(Random random);
}
