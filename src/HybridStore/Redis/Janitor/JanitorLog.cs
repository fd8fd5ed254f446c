using Microsoft.Extensions.Logging;

namespace HybridStore.Redis.Janitor;

/// <summary>Event ids 1600 to 1699. No key or tag is logged here.</summary>
internal static partial class JanitorLog
{
    [LoggerMessage(1600, LogLevel.Debug,
        "Redis was tidied up: {Entries} entries and {TagSets} tag sets of earlier generations, {Members} expired members of tag sets and the fences of {TagFences} tags were removed.")]
    public static partial void Tidied(ILogger logger, long entries, long tagSets, long members, long tagFences);

    [LoggerMessage(1601, LogLevel.Warning,
        "Redis could not be tidied up, or not all of it ({Failure}). Nothing depends on it but memory; it is tried again later.")]
    public static partial void Failed(ILogger logger, string failure);
}
