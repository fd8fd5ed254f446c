using HybridStore;
using Storefront.Organisations;
using Storefront.Products;

namespace Storefront.Orders;

/// <summary>Orders. What is sold is decided by PostgreSQL, never by what a page has shown.</summary>
public sealed class OrderRepository(IHybridStore store)
{
    private static readonly KeyTemplate<int> OfUserKey = new("orders-of-user:{userId}");

    /// <summary>A user's last orders. The load asks PostgreSQL twice, over one connection.</summary>
    public ValueTask<IReadOnlyList<Order>> OfUserAsync(int userId, CancellationToken cancellationToken = default) =>
        store.GetAsync(
            OfUserKey.For(userId),
            userId,
            static async (userId, context, token) =>
            {
                var organisationId = await context.ExecuteScalarAsync<int?>(
                    "select organisation_id from app_user where id = @userId", new { userId }, token);
                if (organisationId is null)
                {
                    // Whatever is cached must hang on a tag; what has none is not.
                    context.DoNotCache();
                    return [];
                }

                context.AddTag(OrganisationTags.For(organisationId.Value));
                return await context.QueryAsync<Order>(
                    """
                    select customer_order.id, product_id as ProductId, quantity, quantity * unit_price as Total,
                           placed_at as PlacedAt
                    from customer_order join order_line on order_line.order_id = customer_order.id
                    where user_id = @userId order by placed_at desc, customer_order.id desc limit 20
                    """,
                    new { userId },
                    token);
            },
            cancellationToken: cancellationToken);

    /// <summary>Stock and price are read in the transaction that sells, with the product's row locked: however many order at
    /// once, the last item is sold once.</summary>
    public Task<WriteReceipt<OrderResult>> PlaceAsync(NewOrder order, CancellationToken cancellationToken = default) =>
        store.WriteAsync<OrderResult>(
            async (context, token) =>
            {
                if (await context.ExecuteScalarAsync<int?>(
                    "select id from app_user where id = @UserId for key share", order, token) is null)
                {
                    return new OrderResult(OrderOutcome.NoSuchUser);
                }

                var shelf = await context.QuerySingleOrDefaultAsync<Shelf>(
                    "select price, stock from product where id = @ProductId for update", order, token);
                if (shelf is null)
                {
                    return new OrderResult(OrderOutcome.NoSuchProduct);
                }

                // Whoever was shown more than there is gets to see the real number next time.
                context.Invalidate(StockRepository.Key.For(order.ProductId));
                if (shelf.Stock < order.Quantity)
                {
                    return new OrderResult(OrderOutcome.SoldOut);
                }

                context.Invalidate(OfUserKey.For(order.UserId));
                await context.ExecuteAsync(
                    "update product set stock = stock - @Quantity where id = @ProductId", order, token);
                var placed = await context.QuerySingleOrDefaultAsync<Order>(
                    """
                    with placed as (insert into customer_order (user_id) values (@UserId) returning id, placed_at),
                         line as (insert into order_line (order_id, product_id, quantity, unit_price)
                                  select id, @ProductId, @Quantity, @Price from placed)
                    select id, @ProductId as ProductId, @Quantity as Quantity, @Quantity * @Price as Total, placed_at as PlacedAt
                    from placed
                    """,
                    new { order.UserId, order.ProductId, order.Quantity, shelf.Price },
                    token);
                return new OrderResult(OrderOutcome.Placed, placed);
            },
            cancellationToken: cancellationToken);

    private sealed record Shelf(decimal Price, int Stock);
}
