namespace HybridStore.Reading.Batches;

/// <summary>A load that brings several flights home is cancelled when all callers of all of them have gone.</summary>
internal sealed class BatchToken : IDisposable
{
    private readonly CancellationTokenSource? _abandoned;
    private readonly CancellationTokenRegistration[] _registrations = [];
    private int _flying;

    public BatchToken(IReadOnlyList<CancellationToken> flights)
    {
        // A caller who cannot be cancelled never leaves.
        if (!flights.All(token => token.CanBeCanceled))
        {
            return;
        }

        _flying = flights.Count;
        _abandoned = new CancellationTokenSource();
        _registrations = new CancellationTokenRegistration[flights.Count];
        for (var i = 0; i < flights.Count; i++)
        {
            _registrations[i] = flights[i].UnsafeRegister(static state => ((BatchToken)state!).Abandon(), this);
        }
    }

    public CancellationToken Token => _abandoned?.Token ?? CancellationToken.None;

    public void Dispose()
    {
        foreach (var registration in _registrations)
        {
            registration.Dispose();
        }

        _abandoned?.Dispose();
    }

    private void Abandon()
    {
        if (Interlocked.Decrement(ref _flying) == 0)
        {
            _abandoned!.Cancel();
        }
    }
}
