namespace HybridStore.Servers.Proxying;

internal enum TriggerAction
{
    CutReply,
    CutRequest,
    HoldRequest,
    HoldReply,
}

/// <summary>Something that is to happen once, to the first request that contains a marker.</summary>
internal sealed class RequestTrigger
{
    private readonly TaskCompletionSource _happened = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _requestSent = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public RequestTrigger(ReadOnlyMemory<byte> marker, TriggerAction action)
    {
        Marker = marker;
        Action = action;
    }

    public ReadOnlyMemory<byte> Marker { get; }

    public TriggerAction Action { get; }

    public Task Happened => _happened.Task;

    public Task Released => _released.Task;

    public Task RequestSent => _requestSent.Task;

    public void Complete() => _happened.TrySetResult();

    public void Fail(Exception exception)
    {
        _happened.TrySetException(exception);

        // A test that does not wait for it must not see an unobserved exception elsewhere.
        _ = _happened.Task.Exception;
    }

    public void Cancel()
    {
        _happened.TrySetCanceled();
        _released.TrySetResult();
    }

    public void Release() => _released.TrySetResult();

    public void MarkRequestSent() => _requestSent.TrySetResult();
}
