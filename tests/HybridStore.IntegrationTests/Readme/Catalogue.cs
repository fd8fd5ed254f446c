using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace HybridStore.IntegrationTests.Readme;

/// <summary>A load by EF Core that may run behind its reader, and a policy that outlasts loads which fail, as they stand in
/// README.md.</summary>
internal static class Catalogue
{
    public static async Task<string?> NameAsync(IHybridStore store)
    {
        // readme: services
        var name = await store.GetAsync("product:42:name", async (load, token) =>
        {
            var shop = load.Services.GetRequiredService<ShopContext>(); // from a scope of the load's own
            await shop.Database.OpenConnectionAsync(token);
            await load.StampAsync((NpgsqlConnection)shop.Database.GetDbConnection(), token);
            return await shop.Items.Where(item => item.Id == 42).Select(item => item.Name).SingleOrDefaultAsync(token);
        });
        // readme: end

        return name;
    }

    public static void AddPolicy(IHybridStoreBuilder builder)
    {
        // readme: stale
        builder.AddPolicy("catalogue", new EntryOptions
        {
            TimeToLive = TimeSpan.FromMinutes(10),
            StaleOnError = TimeSpan.FromHours(1),
            SoftLoadTimeout = TimeSpan.FromMilliseconds(300),
            HardLoadTimeout = TimeSpan.FromSeconds(5),
        });
        // readme: end
    }

    internal sealed class ShopContext(DbContextOptions<ShopContext> options) : DbContext(options)
    {
        public DbSet<Item> Items => Set<Item>();

        protected override void OnModelCreating(ModelBuilder modelBuilder)
        {
            var item = modelBuilder.Entity<Item>().ToTable("product");
            item.Property(product => product.Id).HasColumnName("id");
            item.Property(product => product.Name).HasColumnName("name");
        }
    }

    internal sealed record Item(int Id, string Name);
}
