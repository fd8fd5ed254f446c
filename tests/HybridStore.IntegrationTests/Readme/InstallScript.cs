namespace HybridStore.IntegrationTests.Readme;

/// <summary>The script for a DBA, as it stands in README.md.</summary>
internal static class InstallScript
{
    public static Task WriteAsync(HybridStoreSchema schema, string folder)
    {
        // readme: script
        var script = schema.GetInstallScript(applicationRole: "app"); // HybridStoreSchema is registered beside IHybridStore
        // readme: end

        return File.WriteAllTextAsync(Path.Combine(folder, "hybridstore.sql"), script, TestContext.Current.CancellationToken);
    }
}
