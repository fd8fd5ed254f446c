namespace HybridStore.Reading;

/// <summary>How long one caller waits for its load: until it is cancelled, or its time is over. A caller that goes on with another value leaves
/// its load to this.</summary>
internal sealed class LoadPatience : IDisposable
{
    private readonly CancellationToken _caller;
    private readonly CancellationTokenSource _ending;
    private readonly CancellationTokenRegistration _registration;
    private volatile bool _callerHasGoneOn;
    private volatile Flight? _flight;

    /// <param name="longest">How long it waits; null without an end.</param>
    /// <param name="timeProvider">Measures that.</param>
    /// <param name="caller">The caller's own token.</param>
    public LoadPatience(TimeSpan? longest, TimeProvider timeProvider, CancellationToken caller)
    {
        _caller = caller;
        _ending = longest is { } limit ? new CancellationTokenSource(limit, timeProvider) : new CancellationTokenSource();
        Token = _ending.Token;
        _registration = caller.UnsafeRegister(static ending => ((CancellationTokenSource)ending!).Cancel(), _ending);
    }

    /// <summary>Cancelled when the caller waits no longer.</summary>
    public CancellationToken Token { get; }

    /// <summary>Whether it waits no longer though nobody has cancelled it.</summary>
    public bool IsOver => Token.IsCancellationRequested && (_callerHasGoneOn || !_caller.IsCancellationRequested);

    /// <summary>Whether the caller has got another value meanwhile. What its delegate works with may be gone with it.</summary>
    public bool CallerHasGoneOn => _callerHasGoneOn;

    /// <summary>What the caller waits for; null where it runs its load alone.</summary>
    public Flight? Flight
    {
        get => _flight;
        set => _flight = value;
    }

    /// <summary>The caller goes on with another value: from here on its token has no say.</summary>
    public void GoOn()
    {
        _callerHasGoneOn = true;
        _registration.Dispose();
    }

    /// <summary>Nobody waits from here on.</summary>
    public Task EndAsync() => _ending.CancelAsync();

    public void Dispose()
    {
        _registration.Dispose();
        _ending.Dispose();
    }
}
