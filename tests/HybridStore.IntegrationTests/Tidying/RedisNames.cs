using HybridStore.Redis;

namespace HybridStore.IntegrationTests.Tidying;

internal static class RedisNames
{
    /// <summary>The key that says whose turn it is.</summary>
    public static string Turn(TidyHost tidy) => RedisLayout.JanitorTurn(tidy.Host.Prefix).ToString();
}
