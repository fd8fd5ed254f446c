namespace HybridStore.IntegrationTests.Readme;

/// <summary>The write-through as it stands in README.md.</summary>
internal static class SoldTicket
{
    public static async Task<WriteReceipt> RunAsync(IHybridStore store)
    {
        // readme: through
        var receipt = await store.WriteAsync(
            async (write, token) =>
            {
                var left = await write.ExecuteScalarAsync<int>(
                    "update event set tickets = tickets - 1 where id = @id returning tickets", new { id = 7 }, token);
                write.Set("event:7:tickets", left);
            },
            new WriteOptions { WriteThrough = ["event:7:tickets"] });
        // readme: end

        return receipt;
    }
}
