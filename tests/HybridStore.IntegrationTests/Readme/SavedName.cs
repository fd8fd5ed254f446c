namespace HybridStore.IntegrationTests.Readme;

/// <summary>A read that reflects an earlier write, as it stands in README.md.</summary>
internal static class SavedName
{
    public static async Task<string?> RunAsync(IHybridStore store)
    {
        // readme: token
        var receipt = await store.WriteAsync(async (write, token) =>
        {
            await write.ExecuteAsync("update product set name = 'Teapot' where id = @id", new { id = 42 }, token);
            write.Invalidate("product:42:name");
        });
        string cookie = receipt.Token.ToString();

        // In a later request, perhaps of another instance.
        _ = WriteToken.TryParse(cookie, out var atLeast); // anything else asks for nothing
        var name = await store.With(new ReadOptions { AtLeast = atLeast }).GetAsync<string>(
            "product:42:name", "select name from product where id = @id", new { id = 42 });
        // readme: end

        return name;
    }
}
