using Microsoft.Extensions.Logging;

namespace HybridStore.Journaling.Schema;

/// <summary>Event ids 1800 to 1899.</summary>
internal static partial class SchemaLog
{
    [LoggerMessage(1800, LogLevel.Warning,
        "PostgreSQL could not be reached at start, so it was not looked at whether tables are watched.")]
    public static partial void NotReachedAtStart(ILogger logger, Exception error);

    [LoggerMessage(1801, LogLevel.Warning,
        "The table {Table} is watched by another definition than this application has: the keys and tags of that one are invalidated. That is right while two releases run side by side; install the schema with the newer one.")]
    public static partial void DefinitionDiffers(ILogger logger, string table);

    [LoggerMessage(1802, LogLevel.Information, "The schema of the journal is installed.")]
    public static partial void Installed(ILogger logger);
}
