namespace HybridStore.IntegrationTests.Fencing;

/// <summary>Cuts one check out of the real scripts.</summary>
internal static class CutScript
{
    /// <summary>Whoever asks to store is taken for the holder of the lease.</summary>
    public static string Lease(string text) =>
        text.Replace("return 'lease'", "granted = now", StringComparison.Ordinal);

    /// <summary>What <c>store.lua</c> refuses by this word it lets pass.</summary>
    public static Func<string, string> Refusal(string word) =>
        text => text.Replace($"return refuse('{word}')", "", StringComparison.Ordinal);

    /// <summary>The floor of folded fences.</summary>
    public static string Floor(string text) => text.Replace("fences[i] == 'm'", "false", StringComparison.Ordinal);

    /// <summary>Ids are compared with stamps whatever database counted them.</summary>
    public static string BootMark(string text) => text
        .Replace("is_known and state[2] and state[2] ~= ARGV[11]", "false", StringComparison.Ordinal)
        .Replace("boot ~= '' and state[2] and state[2] ~= boot", "false", StringComparison.Ordinal);

    /// <summary>An invalidation revokes the lease.</summary>
    public static string Revocation(string text) => text.Replace("redis.call('HDEL', KEYS[i + 1], 't', 'a', 'e')", "", StringComparison.Ordinal);

    /// <summary>The fences of a key or tag but the largest.</summary>
    public static string SmallerFences(string text) => text.Replace(
        "local function fence(hash, text)\n",
        """
        local function fence(hash, text)
          local xid = tonumber(text)
          for _, field in ipairs(redis.call('HKEYS', hash)) do
            if (tonumber(field) or xid) < xid then redis.call('HDEL', hash, field) end
          end

        """,
        StringComparison.Ordinal);

    /// <summary>The sequence of a tag's last invalidation without an xid.</summary>
    public static string Sequence(string text) => text.Replace("if fences[f] == last and", "if false and", StringComparison.Ordinal);

    /// <summary>An invalidation goes on where others still read.</summary>
    public static string EarlierGenerations(string text) =>
        text.Replace("earlier[#earlier + 1] = string.sub(fields[i], 2)", "", StringComparison.Ordinal);

    /// <summary>An invalidation is refused in a generation that is over.</summary>
    public static string GenerationOfInvalidations(string text) =>
        text.Replace("state.err or state[1] ~= ARGV[10]", "state.err", StringComparison.Ordinal);

    /// <summary>A member stays in its tag set for as long as its entry does.</summary>
    public static string Membership(string text) => text
        .Replace(
            "if not sees(entry, xid_of(of_tag(i))) then\n      gone[#gone + 1] = found[f]",
            "gone[#gone + 1] = found[f]\n    if not sees(entry, xid_of(of_tag(i))) then",
            StringComparison.Ordinal)
        .Replace("unlink(entries)", "if #entries > 0 then unlink(entries) end", StringComparison.Ordinal);

    /// <summary>A load without a stamp may be older than the COMMIT of a fence that was set before it.</summary>
    public static string EarlyFences(string text) => text.Replace("if not stamped and (fences[i] == 'p'", "if false and (fences[i] == 'p'", StringComparison.Ordinal);
}
