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

        Assert.False(MayStore(number));
        Assert.False(MayStore(text));
        Assert.True(MayStore(other));
        Assert.Equal(1, _flights.Count);
    }

    [Fact]
    public void An_invalidated_tag_detaches_all_flights_since_a_loads_tags_are_not_known_before_its_end()
    {
        var one = Add<int>("user:1");
        var two = Add<int>("user:2");

        _flights.Detach([], ["org:7"]);

        Assert.False(MayStore(one));
        Assert.False(MayStore(two));
        Assert.Equal(0, _flights.Count);
    }

    [Fact]
    public void Keys_are_told_apart_by_case()
    {
        var flight = Add<int>("user:a");

        _flights.Detach(["user:A"], []);

        Assert.True(MayStore(flight));
    }

    [Fact]
    public async Task Detaching_waits_for_a_command_that_is_being_sent_so_that_the_invalidation_goes_out_behind_it()
    {
        var flight = Add<int>("user:1");
        using var sending = new ManualResetEventSlim();
        using var goOn = new ManualResetEventSlim();
        var order = new List<string>();
        var store = Task.Run(
            () => flight.SendUnlessDetached(
                state =>
                {
                    sending.Set();
                    goOn.Wait(TestContext.Current.CancellationToken);
                    order.Add("store");
                    return Task.FromResult(state);
                },
                1),
            TestContext.Current.CancellationToken);
        sending.Wait(TestContext.Current.CancellationToken);

        var detach = Task.Run(
            () =>
            {
                goOn.Set();
                _flights.Detach(["user:1"], []);
                order.Add("invalidate");
            },
            TestContext.Current.CancellationToken);
        await detach;

        Assert.Equal(1, await store);
        Assert.Equal(["store", "invalidate"], order);
    }

    private static bool MayStore(Flight flight) => flight.SendUnlessDetached(Task.FromResult, true) is not null;

    private Flight<T> Add<T>(string key)
    {
        var flight = new Flight<T>(CancellationToken.None);
        Assert.True(_flights.TryAdd(new FlightKey(key, typeof(T)), flight));
        return flight;
    }
}
