namespace HybridStore.Writing;

/// <summary>A write whose transaction is open. Writes that are begun inside of it join it: what they do and name becomes part of it, and is
/// committed, or rolled back, with it.</summary>
/// <param name="context">What it works with.</param>
/// <param name="options">How it is committed.</param>
/// <param name="outer">The one in whose flow it was begun, if that can be joined.</param>
internal sealed class OpenWrite(WriteContext context, WriteOptions options, OpenWrite? outer)
{
    private readonly OpenWrite? _outer = outer;
    private readonly TaskCompletionSource<WriteReceipt> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile WriteReceipt? _receipt;
    private bool _isDoomed;

    public WriteContext Context { get; } = context;

    /// <summary>Strict, durable, and aborting, if one of those who joined asked for it.</summary>
    public WriteOptions Options { get; private set; } = options;

    /// <summary>What it has come to; null until it is committed, and where it is not.</summary>
    public WriteReceipt? Receipt => _receipt;

    /// <summary>Completes with the receipt; cancelled where it is rolled back.</summary>
    public Task<WriteReceipt> Ended => _ended.Task;

    // Not once it is about to be committed, or has ended: whoever still runs in its flow then writes by himself.
    private bool CanBeJoined => !Context.IsCompleted && !Commit.HasEnded(Context);

    /// <summary>The innermost that can be joined, of a write and those around it. Null if there is none.</summary>
    public static OpenWrite? Joinable(OpenWrite? write)
    {
        while (write is { CanBeJoined: false })
        {
            write = write._outer;
        }

        return write;
    }

    /// <param name="write">Runs on the transaction that is open.</param>
    /// <param name="options">What the joining write asks for, with the store's settings resolved.</param>
    /// <param name="cancellationToken">Handed to it.</param>
    /// <returns>A receipt that says what the whole write has come to, when it has.</returns>
    public async Task<WriteReceipt> JoinAsync(
        Func<WriteContext, CancellationToken, Task> write, WriteOptions options, CancellationToken cancellationToken)
    {
        if (options.IsolationLevel != System.Data.IsolationLevel.Unspecified
            && options.IsolationLevel != Context.IsolationLevel)
        {
            throw new InvalidOperationException(
                $"A write that asks for {options.IsolationLevel} cannot join one in {Context.IsolationLevel}: leave its "
                + "IsolationLevel unset, or give it a transaction of its own with WriteOptions.NewTransaction.");
        }

        Context.Values.Declare(options.WriteThrough);
        try
        {
            await write(Context, cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            // Half of it may be done.
            _isDoomed = true;
            throw;
        }

        Options = Options with
        {
            Strict = options.Strict is true || Options.Strict is true,
            Durability = options.Durability == InvalidationDurability.Journal ? InvalidationDurability.Journal : Options.Durability,
            OnFenceFailure = options.OnFenceFailure == OnFenceFailure.Abort ? OnFenceFailure.Abort : Options.OnFenceFailure,
        };
        return new WriteReceipt(this);
    }

    /// <exception cref="InvalidOperationException">A write that had joined has failed.</exception>
    public void ThrowIfDoomed()
    {
        if (_isDoomed)
        {
            throw new InvalidOperationException(
                "A write that had joined this one failed, and its exception was caught: half of it may be done. The transaction is rolled "
                + "back. Let the exception through, or run that write with WriteOptions.NewTransaction.");
        }
    }

    /// <summary>It is committed, or may be.</summary>
    public void End(WriteReceipt receipt)
    {
        _receipt = receipt;
        _ended.TrySetResult(receipt);
    }

    /// <summary>It is not, for sure.</summary>
    public void EndRolledBack() => _ended.TrySetCanceled();
}
