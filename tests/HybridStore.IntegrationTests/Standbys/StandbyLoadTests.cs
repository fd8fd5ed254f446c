using HybridStore.Fencing;
using HybridStore.IntegrationTests.Writing;
using Microsoft.Extensions.Logging;

namespace HybridStore.IntegrationTests.Standbys;

/// <summary>Loads that read a standby: what they bring is as good as what the primary has, or it is loaded again there.</summary>
public sealed class StandbyLoadTests(StandbyFixture fixture) : IClassFixture<StandbyFixture>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_load_that_is_going_to_be_cached_reads_the_standby_and_is_cached()
    {
        await using var reads = await StandbyReads.StartAsync(fixture);

        Assert.Equal(new Seen(100, OnStandby: true), await reads.ReadAsync(1));
        Assert.Equal(new Seen(100, OnStandby: true), await reads.ReadAsync(1));

        Assert.Equal(1, reads.TakeRuns());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_load_that_lags_behind_an_invalidation_is_run_again_on_the_primary_once_and_that_is_cached(bool byTag)
    {
        await using var reads = await StandbyReads.StartAsync(fixture);
        await reads.ReadAsync(1);
        await fixture.Pair.HoldStandbyAsync(Cancellation);
        await StandbyReads.WriteAsync(reads.Host, 1, 900, byTag);
        reads.TakeRuns();

        Assert.Equal(new Seen(900, OnStandby: false), await reads.ReadAsync(1));
        Assert.Equal(2, reads.TakeRuns());
        Assert.Equal(900, (await reads.ReadAsync(1)).Balance);
        Assert.Equal(0, reads.TakeRuns());
    }

    [Fact]
    public async Task A_standby_that_has_caught_up_is_read_again()
    {
        await using var reads = await StandbyReads.StartAsync(fixture);
        await fixture.Pair.HoldStandbyAsync(Cancellation);
        await StandbyReads.WriteAsync(reads.Host, 1, 900);
        await fixture.Pair.ReleaseStandbyAsync(Cancellation);
        await fixture.Pair.CatchUpAsync(Cancellation);

        Assert.Equal(new Seen(900, OnStandby: true), await reads.ReadAsync(1));
        Assert.Equal(1, reads.TakeRuns());
    }

    [Fact]
    public async Task Where_it_is_not_known_what_was_invalidated_the_primary_is_read_and_tells_what_a_standby_has_to_show()
    {
        await using var reads = await StandbyReads.StartAsync(fixture);
        await fixture.Pair.HoldStandbyAsync(Cancellation);
        await StandbyReads.WriteAsync(reads.Host, 1, 900);
        var state = (string)reads.Host.Root.Redis!.Session!.Layout.State(0)!;
        await reads.Host.RedisAsync("HDEL", state, "high");

        Assert.Equal(new Seen(900, OnStandby: false), await reads.ReadAsync(1));
        Assert.Equal(1, reads.TakeRuns());
        await reads.Host.SettleAsync();
        Assert.Equal(new Seen(100, OnStandby: false), await reads.ReadAsync(2));
        await fixture.Pair.ReleaseStandbyAsync(Cancellation);
        await fixture.Pair.CatchUpAsync(Cancellation);
        Assert.Equal(new Seen(100, OnStandby: true), await reads.ReadAsync(3));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task After_an_invalidation_that_does_not_tell_the_transaction_a_standby_that_lags_is_not_read(bool everything)
    {
        await using var reads = await StandbyReads.StartAsync(fixture);
        await reads.ReadAsync(1);
        await fixture.Pair.HoldStandbyAsync(Cancellation);
        await reads.Host.ExecuteAsync("update account set balance = 900 where id in (1, 2)");
        var receipt = everything
            ? await reads.Host.Store.FlushAsync(Cancellation)
            : await reads.Host.Store.InvalidateAsync(new Invalidation { Keys = [Accounts.Key(1), Accounts.Key(2)] }, Cancellation);
        Assert.Equal(InvalidationStatus.Applied, receipt.Status);
        reads.TakeRuns();

        Assert.Equal(new Seen(900, OnStandby: false), await reads.ReadAsync(1));
        Assert.Equal(1, reads.TakeRuns());
        await reads.Host.SettleAsync();

        // From here on it is known again what a standby has to show, and this one does not.
        Assert.Equal(new Seen(900, OnStandby: false), await reads.ReadAsync(2));
        Assert.Equal(2, reads.TakeRuns());
    }

    [Fact]
    public async Task A_load_that_something_was_invalidated_behind_does_not_tell_what_a_standby_has_to_show()
    {
        var gate = new StepGate(ProtocolStep.Store);
        await using var reads = await StandbyReads.StartAsync(fixture, gate);
        await using var other = await StoreHost.StartAsync(fixture, besides: reads.Host);
        await reads.Host.RedisAsync("HDEL", (string)reads.Host.Root.Redis!.Session!.Layout.State(0)!, "high");
        var loading = reads.ReadAsync(1);
        await gate.Reached.WaitAsync(Cancellation);
        await fixture.Pair.HoldStandbyAsync(Cancellation);
        await reads.Host.ExecuteAsync("update account set balance = 900 where id = 2");
        await other.Store.InvalidateAsync(new Invalidation { Keys = [Accounts.Key(2)] }, Cancellation);

        gate.Open();
        Assert.Equal(new Seen(100, OnStandby: false), await loading);
        await reads.Host.SettleAsync();

        Assert.Equal(new Seen(900, OnStandby: false), await reads.ReadAsync(2));
    }

    [Fact]
    public async Task What_is_built_from_an_older_entry_does_not_tell_what_a_standby_has_to_show()
    {
        await using var reads = await StandbyReads.StartAsync(fixture);
        await reads.ReadAsync(2);
        await fixture.Pair.HoldStandbyAsync(Cancellation);
        await StandbyReads.WriteAsync(reads.Host, 1, 900);
        await reads.Host.RedisAsync("HDEL", (string)reads.Host.Root.Redis!.Session!.Layout.State(0)!, "high");

        await reads.Host.Store.GetAsync<int>(
            "whole",
            async (context, cancellation) =>
                (await reads.ReadAsync(2)).Balance + await context.ExecuteScalarAsync<int>("select 1", cancellationToken: cancellation),
            cancellationToken: Cancellation);
        await reads.Host.SettleAsync();

        Assert.Equal(new Seen(900, OnStandby: false), await reads.ReadAsync(1));
    }

    [Fact]
    public async Task Who_comes_after_an_invalidation_does_not_take_what_a_load_of_before_reads_on_a_standby_that_lags()
    {
        var gate = new StepGate(ProtocolStep.Load);
        await using var reads = await StandbyReads.StartAsync(fixture, gate);
        await using var other = await StoreHost.StartAsync(fixture, besides: reads.Host);
        await fixture.Pair.HoldStandbyAsync(Cancellation);
        var older = reads.ReadAsync(1);
        await gate.Reached.WaitAsync(Cancellation);
        await StandbyReads.WriteAsync(other, 1, 900);

        var later = reads.ReadAsync(1);
        await gate.Joined.WaitAsync(Cancellation);
        gate.Open();

        Assert.Equal(new Seen(100, OnStandby: true), await older);
        Assert.Equal(900, (await later).Balance);
        Assert.Equal(900, (await reads.ReadAsync(1)).Balance);
    }

    [Fact]
    public async Task A_read_with_the_token_of_a_write_loads_on_the_primary()
    {
        await using var reads = await StandbyReads.StartAsync(fixture);
        var receipt = await StandbyReads.WriteAsync(reads.Host, 1, 900);

        var seen = await reads.ReadAsync(reads.Host.Store.With(new ReadOptions { AtLeast = receipt.Token }), 1);

        Assert.Equal(new Seen(900, OnStandby: false), seen);
        Assert.Equal(1, reads.TakeRuns());
    }

    [Fact]
    public async Task Whoever_joins_with_the_token_of_a_write_does_not_take_what_a_standby_shows_that_lags()
    {
        var gate = new StepGate(ProtocolStep.Load);
        await using var reads = await StandbyReads.StartAsync(fixture, gate);
        await fixture.Pair.HoldStandbyAsync(Cancellation);
        var older = reads.ReadAsync(1);
        await gate.Reached.WaitAsync(Cancellation);
        await using var other = await StoreHost.StartAsync(fixture, besides: reads.Host);
        var token = (await other.Store.WriteAsync(
            (write, token) => write.ExecuteAsync("update account set balance = 900 where id = 1", cancellationToken: token),
            cancellationToken: Cancellation)).Token;

        var asking = reads.ReadAsync(reads.Host.Store.With(new ReadOptions { AtLeast = token }), 1);
        await gate.Joined.WaitAsync(Cancellation);
        gate.Open();

        Assert.Equal(new Seen(100, OnStandby: true), await older);
        Assert.Equal(new Seen(900, OnStandby: false), await asking);
    }

    [Fact]
    public async Task A_load_with_the_token_of_a_write_that_reads_on_a_standby_through_the_store_ends()
    {
        await using var reads = await StandbyReads.StartAsync(fixture);
        await fixture.Pair.HoldStandbyAsync(Cancellation);
        var token = (await reads.Host.Store.WriteAsync(
            (write, token) => write.ExecuteAsync("update account set balance = 900 where id = 1", cancellationToken: token),
            cancellationToken: Cancellation)).Token;

        // The part is read without the token, and a null is never stored.
        var seen = await reads.Host.Store.With(new ReadOptions { AtLeast = token }).GetAsync<int>(
            "whole",
            async (context, cancellation) =>
            {
                var balance = await context.QuerySingleOrDefaultAsync<int>("select balance from account where id = 1", cancellationToken: cancellation);
                await reads.Host.Store.GetAsync<string>(
                    "part", "select null::text from account where id = 2", cancellationToken: cancellation);
                return balance;
            },
            cancellationToken: Cancellation).AsTask().WaitAsync(TimeSpan.FromSeconds(30), Cancellation);

        Assert.Equal(900, seen);
    }

    [Fact]
    public async Task What_is_not_cached_is_read_on_the_primary()
    {
        await using var reads = await StandbyReads.StartAsync(fixture);

        Assert.False((await reads.ReadAsync(1, EntryOptions.Never)).OnStandby);
        Assert.False((await reads.ReadAsync(reads.Host.Store.With(new ReadOptions { SkipCache = true }), 1)).OnStandby);
    }

    [Fact]
    public async Task A_standby_that_is_away_fails_no_load_and_is_left_alone_for_a_while()
    {
        await using var reads = await StandbyReads.StartAsync(fixture);
        await fixture.Pair.Standby.StopAsync(Cancellation);

        for (var id = 1; id <= 4; id++)
        {
            Assert.Equal(new Seen(100, OnStandby: false), await reads.ReadAsync(id));
        }

        Assert.Contains(reads.Host.Logs.GetSnapshot(), entry => entry.Level == LogLevel.Warning && entry.Id == 1206);
        reads.TakeRuns();
        Assert.Equal(new Seen(100, OnStandby: false), await reads.ReadAsync(5));
        Assert.Equal(1, reads.TakeRuns());
    }

    [Fact]
    public async Task A_load_that_writes_is_refused_by_the_standby_and_run_on_the_primary()
    {
        await using var reads = await StandbyReads.StartAsync(fixture);

        var balance = await reads.Host.Store.GetAsync<int>(
            "written", "insert into account values (17, 7) returning balance", cancellationToken: Cancellation);

        Assert.Equal(7, balance);
    }

    [Fact]
    public async Task What_a_load_throws_itself_is_not_repeated()
    {
        await using var reads = await StandbyReads.StartAsync(fixture);
        var runs = 0;

        await Assert.ThrowsAsync<TimeZoneNotFoundException>(async () => await reads.Host.Store.GetAsync<int>(
            "thrown",
            (_, _) =>
            {
                runs++;
                throw new TimeZoneNotFoundException();
            },
            cancellationToken: Cancellation));

        Assert.Equal(1, runs);
    }

    [Fact]
    public async Task A_server_that_is_no_standby_or_was_promoted_is_not_read()
    {
        await using var reads = await StandbyReads.StartAsync(
            fixture, configure: options => options.StandbyConnectionString = options.PostgresConnectionString);

        Assert.Equal(100, (await reads.ReadAsync(1)).Balance);
        Assert.Equal(2, reads.TakeRuns());
        Assert.Equal(100, (await reads.ReadAsync(1)).Balance);
        Assert.Equal(0, reads.TakeRuns());
    }
}
