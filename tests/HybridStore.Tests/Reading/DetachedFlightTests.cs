using HybridStore.Reading;

namespace HybridStore.Tests.Reading;

public sealed class DetachedFlightTests
{
    private readonly FlightTable _flights = new();

    [Fact]
    public void An_invalidated_key_detaches_its_flights_of_every_type_and_no_other()
    {
        var number = Add<int>("user:1");
        var text = Add<string>("user:1");
        var other = Add<int>("user:2");

        _flights.Detach(["user:1", "user:3"], []);

        Assert.Equal(1, _flights.Count);
        Assert.False(CanBeJoined("user:1", number));
        Assert.False(CanBeJoined("user:1", text));
        Assert.True(CanBeJoined("user:2", other));
    }

    [Fact]
    public void An_invalidated_tag_detaches_all_flights_since_a_loads_tags_are_not_known_before_its_end()
    {
        var one = Add<int>("user:1");
        var two = Add<int>("user:2");

        _flights.Detach([], ["org:7"]);

        Assert.Equal(0, _flights.Count);
        Assert.False(CanBeJoined("user:1", one));
        Assert.False(CanBeJoined("user:2", two));
    }

    [Fact]
    public void Keys_are_told_apart_by_case()
    {
        var flight = Add<int>("user:a");

        _flights.Detach(["user:A"], []);

        Assert.True(CanBeJoined("user:a", flight));
    }

    private bool CanBeJoined<T>(string key, Flight<T> flight) =>
        ReferenceEquals(flight, _flights.GetOrAdd(new FlightKey(key, typeof(T)), new Flight<T>(CancellationToken.None)));

    private Flight<T> Add<T>(string key)
    {
        var flight = new Flight<T>(CancellationToken.None);
        Assert.Same(flight, _flights.GetOrAdd(new FlightKey(key, typeof(T)), flight));
        return flight;
    }
}
