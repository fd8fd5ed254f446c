using System.Diagnostics;

namespace HybridStore.Reading;

/// <summary>What is told of one read that somebody watches: its span, and the flight that it took. Null on reads that nobody does.</summary>
internal sealed class ReadObservation(Activity? span)
{
    private Flight? _flight;

    /// <summary>Null where nobody traces.</summary>
    public Activity? Span { get; } = span;

    /// <summary>How many fences the guard of the key was seen to hold when the flight asked for its lease; 0 if that is not known.</summary>
    public int Fences => _flight?.Fences ?? 0;

    public void Take(Flight flight) => _flight = flight;
}
