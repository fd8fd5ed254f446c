using System.Globalization;

namespace HybridStore.Fencing;

/// <summary>Transaction ids as scripts take them: made into texts here, where integers are exact.</summary>
internal static class TransactionIds
{
    public static string Text(ulong id) => id.ToString(CultureInfo.InvariantCulture);

    /// <summary>Empty where the id is not known.</summary>
    public static string Text(ulong? id) => id is { } known ? Text(known) : "";
}
