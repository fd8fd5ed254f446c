namespace HybridStore.Testing;

/// <summary>An expectation of a test was not met; the message says what was recorded instead. Every test framework takes it for a
/// failure.</summary>
public sealed class HybridStoreAssertionException : Exception
{
    internal HybridStoreAssertionException(string message)
        : base(message)
    {
    }
}
