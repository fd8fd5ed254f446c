using HybridStore.Fencing;

namespace HybridStore.Writing;

/// <summary>The fences of a strict write: they stand in Redis before COMMIT is sent, are renewed while it is outstanding, and are left to the
/// invalidation that follows. Nothing has to be undone where the write is rolled back: an id that is no longer in progress is visible in every
/// later snapshot.</summary>
internal sealed class StrictFences
{
    // A renewal may fail once, and the next one still comes in time.
    private const int RenewalsPerFenceTtl = 3;

    private readonly IInvalidator _invalidator;
    private readonly Invalidation _what;
    private readonly IReadOnlyDictionary<string, Lease>? _spared;
    private readonly TimeSpan _fenceTtl;
    private readonly TimeProvider _timeProvider;
    private long _sentAt;
    private bool _haveStood;

    private StrictFences(
        IInvalidator invalidator,
        Invalidation what,
        IReadOnlyDictionary<string, Lease>? spared,
        TimeSpan fenceTtl,
        TimeProvider timeProvider) =>
        (_invalidator, _what, _spared, _fenceTtl, _timeProvider) = (invalidator, what, spared, fenceTtl, timeProvider);

    /// <summary>The write as it is known before COMMIT; null if it has written nothing, or names nothing.</summary>
    public Fence? Write { get; private set; }

    /// <summary>Whether no moment has passed so far in which a load that does not reflect the write could be stored once it is
    /// committed.</summary>
    public bool HaveStood => _haveStood && (Write is null || _timeProvider.GetElapsedTime(_sentAt) < _fenceTtl);

    /// <summary>Sets the fences of an open transaction.</summary>
    /// <param name="write">The write; its own leases are spared.</param>
    /// <param name="invalidator">Sets them.</param>
    /// <param name="what">What is fenced.</param>
    /// <param name="fenceTtl">How long a load may take that is stored.</param>
    /// <param name="timeProvider">Measures that.</param>
    /// <param name="cancellationToken">Honoured until the transaction's id is known.</param>
    public static async Task<StrictFences> SetAsync(
        WriteContext write,
        IInvalidator invalidator,
        Invalidation what,
        TimeSpan fenceTtl,
        TimeProvider timeProvider,
        CancellationToken cancellationToken)
    {
        var fences = new StrictFences(invalidator, what, write.Values.LeasesInUse, fenceTtl, timeProvider)
        {
            Write = what.Keys.Count == 0 && what.Tags.Count == 0
                ? null
                : await Commit.AboutToAsync(write, cancellationToken).ConfigureAwait(false),
        };
        fences._haveStood = fences.Write is null || await fences.SendAsync().ConfigureAwait(false);
        return fences;
    }

    /// <summary>Keeps the fences until COMMIT is answered.</summary>
    public async Task<Fence?> KeepAsync(Task<Fence?> commit)
    {
        while (Write is not null && _haveStood && !commit.IsCompleted)
        {
            using var answered = new CancellationTokenSource();
            var pause = Task.Delay(_fenceTtl / RenewalsPerFenceTtl, _timeProvider, answered.Token);
            if (await Task.WhenAny(commit, pause).ConfigureAwait(false) == commit)
            {
                await answered.CancelAsync().ConfigureAwait(false);
            }
            else
            {
                _haveStood &= HaveStood;
                await SendAsync().ConfigureAwait(false);
            }
        }

        return await commit.ConfigureAwait(false);
    }

    private async Task<bool> SendAsync()
    {
        var sentAt = _timeProvider.GetTimestamp();
        var isTaken = await _invalidator.TryFenceAsync(_what, Write!.Value, _spared).ConfigureAwait(false);
        _sentAt = isTaken ? sentAt : _sentAt;
        return isTaken;
    }
}
