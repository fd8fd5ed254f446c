namespace HybridStore.Realtime.Counters;

/// <summary>Sends at once what is to be counted when nothing is under way; what comes meanwhile travels together in the next call, equal members
/// added up. No delay when idle, fewer and larger calls under load. Safe to use from any thread.</summary>
/// <param name="sendAsync">Counts, and tells whether that was confirmed.</param>
internal sealed class IncrementCombiner(Func<IReadOnlyDictionary<string, long>, Task<bool>> sendAsync)
{
    // So that no call holds Redis for long.
    private const int MostMembers = 500;

    private readonly Lock _lock = new();
    private readonly Queue<Batch> _waiting = new();
    private Batch? _last;
    private bool _isSending;

    /// <summary>Whether it was confirmed.</summary>
    public Task<bool> AddAsync(string member, long by)
    {
        Batch batch;
        lock (_lock)
        {
            if (_isSending)
            {
                if (_last is null || !_last.TryAdd(member, by))
                {
                    _last = new Batch(member, by);
                    _waiting.Enqueue(_last);
                }

                return _last.Confirmed;
            }

            _isSending = true;
            batch = new Batch(member, by);
        }

        _ = SendAllAsync(batch);
        return batch.Confirmed;
    }

    private async Task SendAllAsync(Batch batch)
    {
        for (var next = batch; next is not null; next = Next())
        {
            try
            {
                next.End(await sendAsync(next.Counts).ConfigureAwait(false));
            }
            catch (Exception error)
            {
                // Told to those who wait for it; the others go on.
                next.Fail(error);
            }
        }
    }

    private Batch? Next()
    {
        lock (_lock)
        {
            var next = _waiting.TryDequeue(out var batch) ? batch : null;
            _isSending = next is not null;
            if (next == _last)
            {
                _last = null;
            }

            return next;
        }
    }

    private sealed class Batch(string member, long by)
    {
        private readonly Dictionary<string, long> _counts = new(StringComparer.Ordinal) { [member] = by };
        private readonly TaskCompletionSource<bool> _end = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public IReadOnlyDictionary<string, long> Counts => _counts;

        public Task<bool> Confirmed => _end.Task;

        public bool TryAdd(string member, long by)
        {
            if (_counts.TryGetValue(member, out var count))
            {
                _counts[member] = count + by;
                return true;
            }

            return _counts.Count < MostMembers && _counts.TryAdd(member, by);
        }

        public void End(bool confirmed) => _end.SetResult(confirmed);

        public void Fail(Exception error) => _end.SetException(error);
    }
}
