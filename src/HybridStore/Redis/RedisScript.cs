using System.Reflection;

namespace HybridStore.Redis;

/// <summary>The Lua scripts, each a resource with its contract in a comment on top.</summary>
/// <remarks>The first line of a script declares flags, which Redis understands from version 7 on; for Redis 6 the line is cut
/// off.</remarks>
internal sealed class RedisScript
{
    private RedisScript(string withFlags)
    {
        WithFlags = withFlags;
        WithoutFlags = withFlags[(withFlags.IndexOf('\n', StringComparison.Ordinal) + 1)..];
    }

    public static RedisScript Lease { get; } = Load("lease.lua");

    public static RedisScript Store { get; } = Load("store.lua");

    public static RedisScript Release { get; } = Load("release.lua");

    public static RedisScript Renew { get; } = Load("renew.lua");

    public static RedisScript Invalidate { get; } = Load("invalidate.lua");

    public static RedisScript Layout { get; } = Load("layout.lua");

    public static RedisScript Generation { get; } = Load("generation.lua");

    public static RedisScript Eviction { get; } = Load("eviction.lua");

    public static RedisScript Info { get; } = Load("info.lua");

    public static RedisScript Explain { get; } = Load("explain.lua");

    public static RedisScript Memberships { get; } = Load("memberships.lua");

    public static RedisScript Turn { get; } = Load("turn.lua");

    public static RedisScript Trim { get; } = Load("trim.lua");

    public static RedisScript Sweep { get; } = Load("sweep.lua");

    public static RedisScript Forget { get; } = Load("forget.lua");

    public static RedisScript Claim { get; } = Load("claim.lua");

    public static RedisScript Mark { get; } = Load("mark.lua");

    private string WithFlags { get; }

    private string WithoutFlags { get; }

    public string For(bool serverKnowsFlags) => serverKnowsFlags ? WithFlags : WithoutFlags;

    /// <summary>A script among the resources of an assembly.</summary>
    public static RedisScript Load(Assembly assembly, string resource)
    {
        using var stream = assembly.GetManifestResourceStream(resource)
            ?? throw new InvalidOperationException($"The assembly lacks its resource {resource}.");
        using var reader = new StreamReader(stream);
        return new RedisScript(reader.ReadToEnd().ReplaceLineEndings("\n"));
    }

    private static RedisScript Load(string resource) => Load(typeof(RedisScript).Assembly, resource);
}
