namespace HybridStore.Reading.Batches;

/// <summary>A load that brings several flights home is cancelled when all callers of all of them have gone. Flights that have landed do not
/// count any more.</summary>
internal sealed class BatchToken : IDisposable
{
    private readonly CancellationTokenSource? _abandoned;
    private readonly List<CancellationTokenRegistration> _registrations = [];
    private readonly HashSet<Flight> _over = [];
    private readonly int _flights;
    private readonly Lock _lock = new();

    /// <param name="flights">The flights, each with its token: cancelled when its callers have gone; never, where one of them cannot be
    /// cancelled.</param>
    public BatchToken(IReadOnlyCollection<(Flight Flight, CancellationToken Token)> flights)
    {
        _flights = flights.Count;
        if (!flights.Any(flight => flight.Token.CanBeCanceled))
        {
            return;
        }

        _abandoned = new CancellationTokenSource();
        foreach (var (flight, token) in flights)
        {
            _registrations.Add(token.UnsafeRegister(
                static state =>
                {
                    var (batch, abandoned) = ((BatchToken, Flight))state!;
                    batch.End(abandoned, isAbandoned: true);
                },
                (this, flight)));
        }
    }

    public CancellationToken Token => _abandoned?.Token ?? CancellationToken.None;

    /// <summary>Its callers have what they wanted.</summary>
    public void Landed(Flight flight) => End(flight, isAbandoned: false);

    public void Dispose()
    {
        foreach (var registration in _registrations)
        {
            registration.Dispose();
        }

        _abandoned?.Dispose();
    }

    private void End(Flight flight, bool isAbandoned)
    {
        bool isLast;
        lock (_lock)
        {
            isLast = _over.Add(flight) && _over.Count == _flights;
        }

        if (isLast && isAbandoned)
        {
            _abandoned?.Cancel();
        }
    }
}
