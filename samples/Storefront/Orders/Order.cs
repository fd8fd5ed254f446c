namespace Storefront.Orders;

/// <summary>An order of one product.</summary>
public sealed record Order(int Id, int ProductId, int Quantity, decimal Total, DateTime PlacedAt);

/// <summary>What somebody wants to order.</summary>
public sealed record NewOrder(int UserId, int ProductId, int Quantity);

/// <summary>What became of it.</summary>
public enum OrderOutcome
{
    Placed,
    SoldOut,
    NoSuchUser,
    NoSuchProduct,
}

/// <param name="Outcome">What became of it.</param>
/// <param name="Order">The order, if it was placed.</param>
public sealed record OrderResult(OrderOutcome Outcome, Order? Order = null);
