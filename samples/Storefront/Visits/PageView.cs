using HybridStore.Realtime;

namespace Storefront.Visits;

/// <summary>Somebody has looked at a product.</summary>
public sealed record PageView(int ProductId, DateTimeOffset SeenAt)
{
    /// <summary>Thousands a second, and each of them a row: through the buffer they come in batches. While Redis is away they are written one by
    /// one.</summary>
    public static void Buffer(WriteBufferOptions<PageView> views)
    {
        views.Table = "page_view";
        views.Map("product_id", view => view.ProductId);
        views.Map("seen_at", view => view.SeenAt);
        views.FlushInterval = TimeSpan.FromSeconds(1);
        views.WhenRedisIsDown = BufferOverflow.WriteThrough;
        views.WhenFull = BufferOverflow.Reject;
    }
}
