namespace HybridStore.Consistency.Running;

/// <summary>The run itself has failed: whatever it has found or not proves nothing.</summary>
internal sealed class SoakFailedException(string message) : Exception(message);
