namespace HybridStore.IntegrationTests.Containers;

/// <summary>What the store promises, on containers.</summary>
[Collection<ContainersDefinition>]
[Trait("Category", "Containers")]
public sealed class ContainerContractTests(ContainersFixture containers)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [ContainersFact]
    public async Task A_warm_read_is_served_from_Redis()
    {
        await using var catalogue = await StartAsync();
        Assert.Equal(39.90m, await catalogue.PriceAsync());
        Assert.Equal(39.90m, await catalogue.CachedPriceAsync());
        await catalogue.ChangeBehindAsync(1);
        Assert.Equal(39.90m, await catalogue.PriceAsync());
    }

    [ContainersFact]
    public async Task A_write_is_seen_by_the_next_read_of_every_instance()
    {
        await using var catalogue = await StartAsync();
        await using var another = await Catalogue.StartAsync(containers.Servers, besides: catalogue);
        Assert.Equal(39.90m, await catalogue.CachedPriceAsync());
        Assert.Equal(39.90m, await another.CachedPriceAsync());

        var receipt = await catalogue.SetPriceAsync(35);

        Assert.Equal(InvalidationStatus.Applied, receipt.Status);
        Assert.NotNull(receipt.TransactionId);
        Assert.Equal(35m, await another.PriceAsync());
        Assert.Equal(35m, await catalogue.PriceAsync());
    }

    [ContainersFact]
    public async Task A_write_that_is_rolled_back_invalidates_nothing()
    {
        await using var catalogue = await StartAsync();
        Assert.Equal(39.90m, await catalogue.CachedPriceAsync());
        await catalogue.ChangeBehindAsync(1);

        await Assert.ThrowsAsync<InvalidOperationException>(
            () => catalogue.SetPriceAsync(35, _ => throw new InvalidOperationException("Not at this price.")));

        Assert.Equal(39.90m, await catalogue.PriceAsync());
    }

    [ContainersFact]
    public async Task A_tag_takes_all_its_entries_along()
    {
        await using var catalogue = await StartAsync();
        var loads = 0;
        async Task<int> ReadAsync(int id) => await catalogue.Store.GetAsync(
            $"user:{id}",
            (context, _) =>
            {
                context.AddTag("org:7");
                return ValueTask.FromResult(Interlocked.Increment(ref loads));
            },
            cancellationToken: Cancellation);
        for (var read = 0; read < 10; read++)
        {
            await ReadAsync(read % 5);
        }

        Assert.Equal(5, loads);
        var receipt = await catalogue.Store.InvalidateTagAsync("org:7", Cancellation);

        Assert.Equal(InvalidationStatus.Applied, receipt.Status);
        for (var id = 0; id < 5; id++)
        {
            await ReadAsync(id);
        }

        Assert.Equal(10, loads);
    }

    private async Task<Catalogue> StartAsync() => await Catalogue.StartAsync(await containers.StartAllAsync(Cancellation));
}
