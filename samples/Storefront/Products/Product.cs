namespace Storefront.Products;

/// <summary>What hardly ever changes about a product. Price and stock live shorter and are cached by themselves.</summary>
public sealed record Product(int Id, string Slug, string Name, string Category, string Description);

/// <summary>A line of a category's list.</summary>
public sealed record Bestseller(int Id, string Slug, string Name, int Sold);

/// <summary>A row of a category's page.</summary>
public sealed record ShelfRow(Product Product, bool IsBestseller);

/// <summary>What a new product is made of.</summary>
public sealed record NewProduct(string Slug, string Name, string Category, string Description, decimal Price, int Stock);
