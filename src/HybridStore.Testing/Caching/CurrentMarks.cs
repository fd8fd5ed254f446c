using HybridStore.Reading;
using HybridStore.Redis;

namespace HybridStore.Testing.Caching;

/// <summary>The store of a test has no journal that could lag: what it holds is as its test has left it.</summary>
internal sealed class CurrentMarks : IAppliedMarks
{
    public ValueTask PrepareAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;

    public bool IsWithin(in FoundEntry found, TimeSpan bound) => true;

    public bool HaveApplied(in FoundEntry found, ulong write) => false;
}
