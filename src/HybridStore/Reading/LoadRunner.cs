using System.Runtime.CompilerServices;
using System.Transactions;
using HybridStore.Diagnostics;
using HybridStore.Fencing;
using HybridStore.Postgres;
using HybridStore.Resilience.LoadLimiting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace HybridStore.Reading;

/// <summary>Runs the delegates of loads, each with its stamp, within the limit, on the primary or a standby; and knows in which load its caller
/// runs.</summary>
/// <param name="postgres">Where loads read.</param>
/// <param name="cache">Null where there is no Redis.</param>
/// <param name="limiter">Bounds how many run at once.</param>
/// <param name="metrics">Counts.</param>
/// <param name="timeProvider">Measures loads.</param>
/// <param name="logger">Logs.</param>
/// <param name="test">Null but in tests.</param>
internal sealed class LoadRunner(
    PostgresGateway postgres,
    LoaderCache? cache,
    LoadLimiter limiter,
    StoreMetrics metrics,
    TimeProvider timeProvider,
    ILogger logger,
    ProtocolUnderTest? test = null)
{
    // The stamp of the load that this code runs in, if it does. A load that reads through the store takes over the stamps of what it
    // reads; and it never waits for another flight: two loads that wait for each other's keys would wait for ever.
    private readonly AsyncLocal<LoadStamp?> _loading = new();

    private readonly ObservedLoads _loads = new(metrics, timeProvider);

    private readonly StandbyLoads? _standby =
        postgres.Standby is { } source ? new StandbyLoads(source, metrics, timeProvider, logger) : null;

    /// <summary>The load in which the caller runs builds on a value with this stamp.</summary>
    public void NoteInput(LoadStamp stamp)
    {
        if (test is not { StampsMeet: false })
        {
            _loading.Value?.AddInput(stamp);
        }
    }

    /// <summary>From here on the caller's flow puts together a value that is to be stored with this stamp. To be called where nothing is
    /// awaited before what is meant by it.</summary>
    public void Enter(LoadStamp stamp) => _loading.Value = stamp;

    /// <summary>How old what the caller reads may be, if it runs in a load that has a bound: its value is no younger than what it reads.</summary>
    public TimeSpan? MaxStaleness => _loading.Value?.MaxStaleness;

    /// <summary>Whether the caller runs in a load, or in a write that stores what it writes.</summary>
    public bool IsLoading => _loading.Value is not null;

    /// <summary>Loads for one caller alone, and stores nothing.</summary>
    /// <param name="request">What to load.</param>
    /// <param name="isBypassing">Whether it is loaded because Redis is out of reach.</param>
    /// <param name="cancellationToken">Cancels it.</param>
    public async ValueTask<T> LoadAloneAsync<TState, T>(
        LoadRequest<TState, T> request, bool isBypassing, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using var permit = await EnterLimitAsync(isBypassing, cancellationToken).ConfigureAwait(false);
        var stamp = new LoadStamp(isWanted: IsLoading) { MaxStaleness = request.MaxStaleness };
        if (Transaction.Current is not null)
        {
            stamp.MarkFromTransaction();
        }

        var (value, _, _) = await RunAsync(request, stamp, onStandby: null, cancellationToken).ConfigureAwait(false);
        NoteInput(stamp);
        return value;
    }

    /// <summary>Runs the caller's delegate and measures it. On the primary, unless it is given a standby.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<(T Value, LoadContext Context, TimeSpan Duration)> RunAsync<TState, T>(
        LoadRequest<TState, T> request, LoadStamp stamp, NpgsqlDataSource? onStandby, CancellationToken cancellationToken)
    {
        await test.PassAsync(ProtocolStep.Load).ConfigureAwait(false);
        stamp = test is { StampComesFirst: false } ? new LoadStamp(isWanted: false) : stamp;
        _loading.Value = stamp;
        var context = new LoadContext(postgres, onStandby, request.Key, request.Settings.TimeToLive, stamp);
        try
        {
            var (value, duration) = await _loads.RunAsync(request, context, cancellationToken).ConfigureAwait(false);
            if (test is { StampComesFirst: false })
            {
                await StampLateAsync(stamp, cancellationToken).ConfigureAwait(false);
            }

            return (value, context, duration);
        }
        finally
        {
            await context.ReleaseAsync().ConfigureAwait(false);
        }
    }

    /// <summary>The same under a lease, which is renewed meanwhile, and given back if the delegate fails.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<(T Value, LoadContext Context, TimeSpan Duration)> RunAsync<TState, T>(
        LoadRequest<TState, T> request, LoadStamp stamp, Lease lease, CancellationToken cancellationToken)
    {
        using var kept = cache!.Keeper.Keep(request.Key, lease);
        try
        {
            if (MayReadStandby(request, lease))
            {
                var loaded = await _standby!.TryAsync(
                    (source, token) => RunAsync(request, stamp.Anew(), source, token).AsTask(), lease.High!.Value, cancellationToken).ConfigureAwait(false);
                if (loaded is { } done)
                {
                    return done;
                }
            }

            return await RunAsync(request, stamp, onStandby: null, cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            cache.Storer.Release(request.Key, lease);
            throw;
        }
    }

    /// <summary>The same for a load that brings several keys, each under its own lease, when its turn comes. They are given back if the delegate
    /// fails, there is no turn for it, or everybody has gone.</summary>
    /// <param name="request">The load.</param>
    /// <param name="stamp">Its stamp.</param>
    /// <param name="leases">The leases; fewer than keys where some are not stored.</param>
    /// <param name="isBypassing">Whether it is loaded because Redis is out of reach.</param>
    /// <param name="isHeld">Whether all of its keys have a lease.</param>
    /// <param name="markBegin">Told when what it brings begins to be read, unless that is on a standby.</param>
    /// <param name="cancellationToken">Cancels it.</param>
    public async ValueTask<(T Value, LoadContext Context, TimeSpan Duration)> RunManyAsync<TState, T>(
        LoadRequest<TState, T> request,
        LoadStamp stamp,
        IReadOnlyList<(string Key, Lease Lease)> leases,
        bool isBypassing,
        bool isHeld,
        Action markBegin,
        CancellationToken cancellationToken)
    {
        using var abandonment = cancellationToken.UnsafeRegister(static state => ((Action)state!)(), (Action)ReleaseAll);
        var kept = leases.Select(held => cache!.Keeper.Keep(held.Key, held.Lease)).ToArray();
        try
        {
            using var permit = await EnterLimitAsync(isBypassing, cancellationToken).ConfigureAwait(false);
            if (isHeld && leases.All(held => MayReadStandby(request, held.Lease)))
            {
                var loaded = await _standby!.TryAsync(
                    (source, token) => RunAsync(request, stamp.Anew(), source, token).AsTask(),
                    leases.Max(held => held.Lease.High!.Value),
                    cancellationToken).ConfigureAwait(false);
                if (loaded is { } done)
                {
                    return done;
                }
            }
            else
            {
                markBegin();
            }

            return await RunAsync(request, stamp, onStandby: null, cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            ReleaseAll();
            throw;
        }
        finally
        {
            foreach (var keeping in kept)
            {
                keeping.Dispose();
            }
        }

        void ReleaseAll()
        {
            foreach (var (key, lease) in leases)
            {
                cache!.Storer.Release(key, lease);
            }
        }
    }

    /// <summary>Whether a load is protected by what its lease tells. What a standby shows is as new as the lease and not newer: a flight does
    /// not begin again with it.</summary>
    private bool MayReadStandby<TState, T>(in LoadRequest<TState, T> request, Lease lease) =>
        _standby is not null && lease.High is not null && request.AtLeast is null && request.MaxStaleness is null;

    /// <summary>A load inside another one is part of that: it never waits for a turn that its own end would free.</summary>
    private ValueTask<LoadPermit> EnterLimitAsync(bool isBypassing, CancellationToken cancellationToken) =>
        IsLoading ? default : limiter.EnterAsync(isBypassing, cancellationToken);

    /// <summary>The same under a lease, which is given back if there is no turn for it.</summary>
    private async ValueTask<LoadPermit> EnterLimitAsync(string key, Lease? lease, bool isBypassing, CancellationToken cancellationToken)
    {
        try
        {
            return await EnterLimitAsync(isBypassing, cancellationToken).ConfigureAwait(false);
        }
        catch when (lease is not null)
        {
            cache!.Storer.Release(key, lease);
            throw;
        }
    }

    /// <summary>The same for a flight, when its turn comes. Who joins the flight meanwhile takes what it brings.</summary>
    /// <param name="flight">Told when what it brings begins to be read.</param>
    /// <param name="request">The load.</param>
    /// <param name="stamp">Its stamp.</param>
    /// <param name="lease">Its lease, which is given back if the delegate fails, there is no turn for it, or everybody has gone; null where the
    /// value will not be stored.</param>
    /// <param name="isBypassing">Whether it is loaded because Redis is out of reach.</param>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<(T Value, LoadContext Context, TimeSpan Duration)> RunInTurnAsync<TState, T>(
        Flight<T> flight, LoadRequest<TState, T> request, LoadStamp stamp, Lease? lease, bool isBypassing)
    {
        // A load that all callers have left may take no notice and go on: its lease is given back, so that the next one need not wait.
        using var abandonment = lease is null
            ? default
            : flight.Token.UnsafeRegister(
                static state =>
                {
                    var (storer, key, held) = ((EntryStorer, string, Lease))state!;
                    storer.Release(key, held);
                },
                (cache!.Storer, request.Key, lease));

        // Its turn may take longer to come than a lease lasts.
        using var kept = lease is null ? default : cache!.Keeper.Keep(request.Key, lease);
        using var permit = await EnterLimitAsync(request.Key, lease, isBypassing, flight.Token).ConfigureAwait(false);
        if (lease is null || !MayReadStandby(request, lease))
        {
            flight.MarkBegin();
        }

        return lease is null
            ? await RunAsync(request, stamp, onStandby: null, flight.Token).ConfigureAwait(false)
            : await RunAsync(request, stamp, lease, flight.Token).ConfigureAwait(false);
    }

    private async Task StampLateAsync(LoadStamp stamp, CancellationToken cancellationToken)
    {
        await test.PassAsync(ProtocolStep.StampLate).ConfigureAwait(false);
        var connection = await postgres.DataSource.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        await using (connection.ConfigureAwait(false))
        {
            await Statement.StampAsync(connection, stamp, cancellationToken).ConfigureAwait(false);
        }
    }
}
