using System.Globalization;
using Dapper;
using HybridStore.Benchmarks.Contenders;
using HybridStore.Benchmarks.Workload;

namespace HybridStore.Benchmarks.Figures.Writes;

/// <summary>One way to change a row and, but for the first, to invalidate its key.</summary>
/// <param name="Name">Its name in figures.</param>
/// <param name="WriteAsync">Changes the row of this id.</param>
internal sealed record WritePath(string Name, Func<int, Task> WriteAsync)
{
    private const string Update = "update product set stock = stock + 1 where id = @id";

    private static readonly WriteOptions Strict = new() { Strict = true };

    public static WritePath[] All(ProductTable table, HybridStoreContender contender) =>
    [
        new("bare", async id =>
        {
            await using var connection = await table.DataSource.OpenConnectionAsync();
            await using var transaction = await connection.BeginTransactionAsync();
            await connection.ExecuteAsync(Update, new { id }, transaction);
            await transaction.CommitAsync();
        }),
        Invalidating(contender, "store", null),
        Invalidating(contender, "strict", Strict),
        new("through", async id =>
        {
            var key = string.Create(CultureInfo.InvariantCulture, $"product:{id}");
            var receipt = await contender.Store.WriteAsync(
                async (write, token) => write.Set(key, await write.ExecuteScalarAsync<int>($"{Update} returning stock", new { id }, token)),
                new WriteOptions { WriteThrough = [key] });
            if (receipt.Status != InvalidationStatus.Applied)
            {
                throw new InvalidOperationException("The write-through was not applied as it was to be.");
            }
        }),
    ];

    private static WritePath Invalidating(HybridStoreContender contender, string name, WriteOptions? options) => new(name, async id =>
    {
        var receipt = await contender.Store.WriteAsync(
            async (write, token) =>
            {
                await write.ExecuteAsync(Update, new { id }, token);
                write.Invalidate(string.Create(CultureInfo.InvariantCulture, $"product:{id}"));
            },
            options);
        if (receipt.Status != InvalidationStatus.Applied || receipt.IsStrict != (options?.Strict ?? false))
        {
            throw new InvalidOperationException($"The write of {name} was not applied as it was to be.");
        }
    });
}
