namespace HybridStore.IntegrationTests.Readme;

/// <summary>The strict write as it stands in README.md.</summary>
internal static class StrictTransfer
{
    public static async Task<WriteReceipt> RunAsync(IHybridStore store)
    {
        // readme: strict
        var receipt = await store.WriteAsync(
            async (write, token) =>
            {
                await write.ExecuteAsync("update account set balance = balance - 10 where id = @id", new { id = 7 }, token);
                write.Invalidate("account:7");
            },
            new WriteOptions { Strict = true, OnFenceFailure = OnFenceFailure.Abort });
        // readme: end

        return receipt;
    }
}
