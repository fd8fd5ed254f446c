namespace HybridStore.Benchmarks.Races;

/// <summary>An order of events that ends after an invalidation has been completed, and whether a reader then gets an older version.</summary>
/// <param name="Name">Its name in figures.</param>
/// <param name="RunAsync">Runs it; true if a reader got an older version.</param>
internal sealed record Race(string Name, Func<RaceScene, Task<bool>> RunAsync)
{
    public static readonly Race[] All =
    [
        new("remove_during_load", async scene =>
        {
            await scene.OvertakeLoadAsync(() => scene.First.RemoveAsync(scene.Item));
            return await scene.IsStaleAsync(scene.First);
        }),
        new("expire_during_load", async scene =>
        {
            await scene.OvertakeLoadAsync(() => scene.First.ExpireAsync(scene.Item));
            return await scene.IsStaleAsync(scene.First);
        })
        { Needs = Abilities.Expire },
        new("tag_during_load", async scene =>
        {
            await scene.OvertakeLoadAsync(() => scene.First.RemoveByTagAsync(scene.Item));
            return await scene.IsStaleAsync(scene.First);
        }),
        new("remove_during_refresh", async scene =>
        {
            await scene.OvertakeRefreshAsync(() => scene.First.RemoveAsync(scene.Item));
            return await scene.IsStaleAsync(scene.First);
        })
        { Needs = Abilities.Refresh },
        new("tag_during_refresh", async scene =>
        {
            await scene.OvertakeRefreshAsync(() => scene.First.RemoveByTagAsync(scene.Item));
            return await scene.IsStaleAsync(scene.First);
        })
        { Needs = Abilities.Refresh },
        new("late_reader", async scene =>
        {
            Task<int>? late = null;
            await scene.OvertakeLoadAsync(async () =>
            {
                await scene.First.RemoveAsync(scene.Item);
                late = scene.First.ReadAsync(scene.Item, RaceLoad.Free());

                // Time to join the load that runs, for those who do.
                await Task.WhenAny(late, Task.Delay(TimeSpan.FromMilliseconds(200)));
            });
            return await scene.IsStaleAsync(late!);
        }),
        new("remove_by_other_instance", async scene =>
        {
            await scene.OvertakeLoadAsync(() => scene.Second.RemoveAsync(scene.Item));
            return await scene.IsStaleAsync(scene.First, scene.Second);
        })
        { UsesMemory = false },
        new("tag_by_other_instance", async scene =>
        {
            await scene.OvertakeLoadAsync(() => scene.Second.RemoveByTagAsync(scene.Item));
            return await scene.IsStaleAsync(scene.First, scene.Second);
        })
        { UsesMemory = false },
        Clocks("tag_clocks_equal", TimeSpan.Zero),
        Clocks("tag_clocks_2s_apart", TimeSpan.FromSeconds(2)),
        Clocks("tag_clocks_15min_apart", TimeSpan.FromMinutes(15)),
    ];

    /// <summary>What a cache must be able to for this race.</summary>
    public Abilities Needs { get; private init; }

    /// <summary>Whether caches use their level in the process's memory.</summary>
    public bool UsesMemory { get; private init; } = true;

    /// <summary>How much the first instance's clock is ahead of the second's.</summary>
    public TimeSpan FirstIsAhead { get; private init; }

    /// <summary>No load is under way: the first instance has stored an entry, the second one, whose clock is behind, invalidates its tag
    /// and reads.</summary>
    private static Race Clocks(string name, TimeSpan apart) => new(name, async scene =>
    {
        await scene.First.ReadAsync(scene.Item, RaceLoad.Free());
        await scene.ChangeAsync();
        await scene.Second.RemoveByTagAsync(scene.Item);
        return await scene.IsStaleAsync(scene.Second);
    })
    {
        Needs = Abilities.Clock,
        UsesMemory = false,
        FirstIsAhead = apart,
    };
}
