namespace HybridStore.IntegrationTests.Journaling;

/// <summary>What a statement has left in the journal; names in alphabetical order.</summary>
internal sealed record JournalRow(string Keys, string Tags, bool Everything = false, int Skipped = 0)
{
    public static JournalRow All { get; } = new("", "", Everything: true);
}
