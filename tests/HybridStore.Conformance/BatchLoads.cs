namespace HybridStore.Conformance;

/// <param name="Id">The id.</param>
/// <param name="Run">Which load brought it.</param>
internal sealed record BatchedThing(int Id, int Run);

/// <summary>Loads of things that say which of them brought a thing.</summary>
internal sealed class BatchLoads
{
    private readonly TaskCompletionSource _started = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _cancelled = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _lock = new();
    private readonly List<int[]> _asked = [];

    public List<int[]> Asked => _asked;

    public HashSet<int> Missing { get; } = [];

    public EntryOptions? Options { get; init; }

    public Func<int, string>? Tag { get; init; }

    public Action<BatchLoadContext<int>>? Say { get; set; }

    /// <summary>What loads wait for.</summary>
    public Task? Until { get; set; }

    public Task Started => _started.Task;

    public Task Cancelled => _cancelled.Task;

    public bool WasCancelled => _cancelled.Task.IsCompleted;

    public ValueTask<IReadOnlyList<BatchedThing?>> ReadAsync(IHybridStore store, params int[] ids) => ReadAsync(store, TestContext.Current.CancellationToken, ids);

    public ValueTask<IReadOnlyList<BatchedThing?>> ReadAsync(IHybridStore store, CancellationToken cancellationToken, params int[] ids) =>
        store.GetManyAsync(ids, static id => $"thing:{id}", LoadAsync, static thing => thing.Id, Options, cancellationToken);

    private async ValueTask<IReadOnlyList<BatchedThing>> LoadAsync(
        IReadOnlyList<int> missing, BatchLoadContext<int> context, CancellationToken cancellationToken)
    {
        int run;
        lock (_lock)
        {
            _asked.Add([.. missing]);
            run = _asked.Count;
        }

        Assert.Equal(missing, context.Ids);
        _started.TrySetResult();
        try
        {
            await (Until ?? Task.CompletedTask).WaitAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            _cancelled.TrySetResult();
            throw;
        }

        Say?.Invoke(context);
        if (Tag is not null)
        {
            foreach (var id in missing)
            {
                context.AddTag(id, Tag(id));
            }
        }

        return [.. missing.Where(id => !Missing.Contains(id)).Select(id => new BatchedThing(id, run))];
    }
}
