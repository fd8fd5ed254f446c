namespace HybridStore.Realtime;

/// <summary>An append that a write buffer did not take, or may not have taken; or rows that its Redis has lost.</summary>
public abstract class WriteBufferException : Exception
{
    private protected WriteBufferException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }

    /// <summary>How many rows of the call are in the buffer, or in PostgreSQL, in spite of it: those before, from the first on. 0 where one
    /// row was appended.</summary>
    public int RowsTaken { get; internal set; }
}
