using HybridStore;

namespace Storefront.Products;

/// <summary>The catalogue.</summary>
public sealed class ProductRepository(IHybridStore store)
{
    // One template for reads and invalidations: they cannot drift apart.
    private static readonly KeyTemplate<int> Key = new("product:{id}");
    private static readonly KeyTemplate<string> SlugKey = new("product-of-slug:{slug}");
    private static readonly KeyTemplate<string> ShelfKey = new("shelf:{category}");
    private static readonly KeyTemplate<string> BestsellersKey = new("bestsellers:{category}");
    private static readonly KeyTemplate<string> CategoryTag = new("category:{category}");

    private static readonly EntryOptions Content = EntryOptions.Policy(PolicyNames.StaticContent);

    // People and robots ask for slugs that do not exist. "There is none" is remembered too, for a short while.
    private static readonly EntryOptions Slugs = Content with { NegativeTimeToLive = TimeSpan.FromSeconds(30) };

    // Nobody minds a ranking that is five minutes old: sales do not invalidate it. While PostgreSQL cannot tell a newer one,
    // it may be an hour older.
    private static readonly EntryOptions Rankings = new()
    {
        TimeToLive = TimeSpan.FromMinutes(5),
        StaleOnError = TimeSpan.FromHours(1),
    };

    /// <summary>The shortest form: a key and the query that answers it.</summary>
    public ValueTask<Product?> FindAsync(int id, CancellationToken cancellationToken = default) =>
        store.GetAsync<Product>(
            Key.For(id),
            "select id, slug, name, category, description from product where id = @id",
            new { id },
            Content,
            cancellationToken);

    /// <summary>Of as many texts as people think of each is searched for once: nothing to cache.</summary>
    public ValueTask<IReadOnlyList<Product>> SearchAsync(string text, CancellationToken cancellationToken = default) =>
        store.GetListAsync<Product>(
            "search",
            """
            select id, slug, name, category, description from product
            where name ilike '%' || @text || '%' order by id limit 20
            """,
            new { text },
            EntryOptions.Never,
            cancellationToken);

    /// <summary>A page of them: one call to Redis, and one query for those that are not there. The entries are those of
    /// <see cref="FindAsync"/>.</summary>
    public ValueTask<IReadOnlyList<Product?>> FindManyAsync(
        IReadOnlyList<int> ids, CancellationToken cancellationToken = default) =>
        store.GetManyAsync(ids, Key.For, LoadManyAsync, static product => product.Id, Content, cancellationToken);

    /// <summary>Puts them there before anybody asks, by the same load.</summary>
    public Task<WarmProgress> WarmAsync(IAsyncEnumerable<int> ids, CancellationToken cancellationToken = default) =>
        store.WarmAsync(
            ids,
            Key.For,
            LoadManyAsync,
            static product => product.Id,
            new WarmOptions { Entries = Content },
            cancellationToken: cancellationToken);

    /// <summary>Which products a category's page shows.</summary>
    public ValueTask<IReadOnlyList<int>> ShelfAsync(string category, CancellationToken cancellationToken = default) =>
        store.GetAsync(
            ShelfKey.For(category),
            category,
            static (category, context, token) =>
            {
                context.AddTag(CategoryTag.For(category));
                return context.QueryAsync<int>(
                    "select id from product where category = @category order by id limit 50", new { category }, token);
            },
            Rankings,
            cancellationToken);

    /// <summary>The slug leads to the id, and the id to the product: the product itself is cached once. <c>int?</c>, for a
    /// missing row would be 0 as <c>int</c>.</summary>
    public async ValueTask<Product?> FindBySlugAsync(string slug, CancellationToken cancellationToken = default)
    {
        var id = await store.GetAsync<int?>(
            SlugKey.For(slug), "select id from product where slug = @slug", new { slug }, Slugs, cancellationToken);
        return id is null ? null : await FindAsync(id.Value, cancellationToken);
    }

    /// <summary>A list is one entry. The load takes what it needs as state, so that the lambda can be static and a hit
    /// allocates no closure.</summary>
    public ValueTask<IReadOnlyList<Bestseller>> BestsellersAsync(
        string category, CancellationToken cancellationToken = default) =>
        store.GetAsync(
            BestsellersKey.For(category),
            category,
            static (category, context, token) =>
            {
                context.AddTag(CategoryTag.For(category));
                return context.QueryAsync<Bestseller>(
                    """
                    select product.id, product.slug, product.name, coalesce(sum(order_line.quantity), 0)::int as sold
                    from product left join order_line on order_line.product_id = product.id
                    where product.category = @category
                    group by product.id
                    order by sold desc, product.id
                    limit 10
                    """,
                    new { category },
                    token);
            },
            Rankings,
            cancellationToken);

    private static ValueTask<IReadOnlyList<Product>> LoadManyAsync(
        IReadOnlyList<int> ids, BatchLoadContext<int> context, CancellationToken cancellationToken) =>
        context.QueryAsync<Product>(
            "select id, slug, name, category, description from product where id = any(@ids)", new { ids }, cancellationToken);

    /// <summary>A write with a result: the new id, or null if the slug is taken. What it names is invalidated after the commit,
    /// also "there is no such slug".</summary>
    public Task<WriteReceipt<int?>> AddAsync(NewProduct product, CancellationToken cancellationToken = default) =>
        store.WriteAsync<int?>(
            async (context, token) =>
            {
                context.Invalidate(SlugKey.For(product.Slug));
                context.InvalidateTag(CategoryTag.For(product.Category));
                return await context.ExecuteScalarAsync<int?>(
                    """
                    insert into product (slug, name, category, description, price, stock)
                    values (@Slug, @Name, @Category, @Description, @Price, @Stock)
                    on conflict (slug) do nothing
                    returning id
                    """,
                    product,
                    token);
            },
            cancellationToken: cancellationToken);
}
