using Microsoft.Extensions.DependencyInjection;

namespace HybridStore.Realtime.Tests.Readme;

internal static class BufferSnippets
{
    public static void Register(IServiceCollection services, string postgres, string redis)
    {
        // readme: buffer
        services.AddHybridStore(options =>
            {
                options.PostgresConnectionString = postgres;
                options.RedisConnectionString = redis;
            })
            .AddWriteBuffer<ClickEvent>("clicks", buffer =>
            {
                buffer.Table = "click_event";
                buffer.Map("id", click => click.Id)
                    .Map("product_id", click => click.ProductId)
                    .Map("at", click => click.At);
                buffer.Filter(click => click.ProductId > 0);
                buffer.DeduplicateOn("id");
                buffer.WhenFull = BufferOverflow.Block;
                buffer.WhenRedisIsDown = BufferOverflow.WriteThrough;
            });

        // readme: end
    }

    // readme: buffer-append
    public static async Task ClickedAsync(IWriteBuffer<ClickEvent> clicks, int productId, CancellationToken cancellationToken) =>
        await clicks.AppendAsync(new ClickEvent(Guid.NewGuid(), productId, DateTimeOffset.UtcNow), cancellationToken);

    // readme: end
    internal sealed record ClickEvent(Guid Id, int ProductId, DateTimeOffset At);
}
