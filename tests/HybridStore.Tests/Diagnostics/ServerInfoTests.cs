using CsCheck;
using HybridStore.Diagnostics.Watching;

namespace HybridStore.Tests.Diagnostics;

public class ServerInfoTests
{
    private const string OfRedis7 =
        "# Stats\r\ntotal_connections_received:12\r\nexpired_keys:3\r\nexpired_stale_perc:0.00\r\nevicted_keys:4\r\nkeyspace_hits:5\r\n"
        + "keyspace_misses:6\r\n\r\n# Memory\r\nused_memory:1048576\r\nused_memory_human:1.00M\r\nmaxmemory:2097152\r\n"
        + "maxmemory_human:2.00M\r\nmaxmemory_policy:allkeys-lru\r\nmem_fragmentation_ratio:1.10\r\n";

    [Fact]
    public void What_is_watched_is_found_among_the_rest() => Assert.Equal(
        new ServerInfo
        {
            KeyspaceHits = 5,
            KeyspaceMisses = 6,
            EvictedKeys = 4,
            ExpiredKeys = 3,
            UsedMemory = 1048576,
            MemoryLimit = 2097152,
            EvictionPolicy = "allkeys-lru",
        },
        ServerInfo.Parse(OfRedis7));

    [Fact]
    public void Lines_may_end_without_a_carriage_return() =>
        Assert.Equal(ServerInfo.Parse(OfRedis7), ServerInfo.Parse(OfRedis7.Replace("\r", "", StringComparison.Ordinal)));

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("keyspace_hits")]
    [InlineData(":5")]
    [InlineData("keyspace_hits:")]
    [InlineData("keyspace_hits:-5")]
    [InlineData("keyspace_hits:5 ")]
    [InlineData("keyspace_hits:0x5")]
    [InlineData("keyspace_hits:1e3")]
    [InlineData("keyspace_hits:99999999999999999999")]
    [InlineData("Keyspace_Hits:5")]
    [InlineData(" keyspace_hits:5")]
    [InlineData("maxmemory_policy:")]
    [InlineData("maxmemory_policy:allkeys lru")]
    [InlineData("maxmemory_policy:<script>")]
    [InlineData("maxmemory_policy:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")]
    public void What_is_not_understood_is_left_out(string? text) => Assert.Equal(new ServerInfo(), ServerInfo.Parse(text));

    [Fact]
    public void Of_two_lines_with_one_name_the_first_counts() =>
        Assert.Equal(1, ServerInfo.Parse("evicted_keys:1\nevicted_keys:2").EvictedKeys);

    [Fact]
    public void Whatever_a_server_says_is_taken() => Gen.String.Sample(text =>
    {
        var info = ServerInfo.Parse($"maxmemory_policy:{text}\nused_memory:7\n{text}:{text}");
        Assert.True(info.EvictionPolicy is null || info.EvictionPolicy.All(c => c is >= 'a' and <= 'z' or '-'));
        Assert.NotNull(info.UsedMemory);
    });
}
