using HybridStore.Fencing;

namespace HybridStore.Invalidating;

/// <summary>
/// The invalidations that Redis has not taken yet, by the transactions that caused them: which write an entry has to reflect must not get
/// lost while it waits. Past its capacity it stops counting and asks for the whole cache to be emptied. Thread-safe.
/// </summary>
internal sealed class PendingSet(int capacity)
{
    private readonly Lock _lock = new();
    private Batch _waiting = new();
    private Batch? _taken;
    private bool _abandoned;
    private volatile bool _any;

    public bool IsEmpty => !_any;

    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _waiting.Count + (_taken?.Count ?? 0);
            }
        }
    }

    /// <summary>Adds an invalidation; the task completes when it has been applied.</summary>
    public Task Add(Invalidation what, Fence? fence, out bool overflowed)
    {
        lock (_lock)
        {
            overflowed = false;
            if (_abandoned)
            {
                return Task.FromCanceled(new CancellationToken(canceled: true));
            }

            var batch = _waiting;
            batch.NoteFloor(fence);
            if (!batch.Everything)
            {
                batch.Add(what, fence);
                if (batch.Count + (_taken?.Count ?? 0) > capacity)
                {
                    overflowed = true;
                    batch.TakeEverything();
                }
            }

            _any = true;
            return batch.Applied.Task;
        }
    }

    /// <summary>Adds everything; the task completes when it has been applied.</summary>
    public Task AddEverything()
    {
        lock (_lock)
        {
            if (_abandoned)
            {
                return Task.FromCanceled(new CancellationToken(canceled: true));
            }

            _waiting.TakeEverything();
            _any = true;
            return _waiting.Applied.Task;
        }
    }

    /// <summary>Whether Redis may still hold what an invalidation of this process was to remove. Which tags an entry has is not known
    /// before it is read, so a pending tag covers every key.</summary>
    public bool Covers(string key)
    {
        if (!_any)
        {
            return false;
        }

        lock (_lock)
        {
            return _waiting.Covers(key) || (_taken?.Covers(key) ?? false);
        }
    }

    /// <summary>Takes all that waits; it still counts as pending until <see cref="Complete"/>. One taker at a time.</summary>
    public Batch? Take()
    {
        lock (_lock)
        {
            if (_taken is null && !_waiting.IsEmpty)
            {
                (_taken, _waiting) = (_waiting, new Batch());
            }

            return _taken;
        }
    }

    /// <summary>What was taken is applied.</summary>
    public void Complete()
    {
        Batch? completed;
        lock (_lock)
        {
            completed = _taken;
            _taken = null;
            _any = !_waiting.IsEmpty;
        }

        completed?.Applied.TrySetResult();
    }

    /// <summary>Nobody will apply what is left, or what is added from here on: those who wait for it are told.</summary>
    public int Abandon()
    {
        lock (_lock)
        {
            _abandoned = true;
            // Where names have been given up for the whole cache, more than the capacity were waiting.
            var left = _waiting.Everything || _taken is { Everything: true } ? capacity : _waiting.Count + (_taken?.Count ?? 0);
            _waiting.Applied.TrySetCanceled();
            _taken?.Applied.TrySetCanceled();
            return left;
        }
    }

    internal sealed class Batch
    {
        // The default stands for a write that is not known; PostgreSQL gives ids from 3 on.
        private readonly Dictionary<Fence, Names> _writes = [];
        private readonly HashSet<string> _keys = new(StringComparer.Ordinal);
        private bool _hasTags;

        /// <summary>What to apply, one invalidation for each write.</summary>
        public IEnumerable<(Invalidation What, Fence? Fence)> Invalidations => _writes.Select(write => (
            new Invalidation { Keys = [.. write.Value.Keys], Tags = [.. write.Value.Tags] },
            write.Key == default ? null : (Fence?)write.Key));

        /// <summary>The whole cache, because somebody asked for it or more names came than could be counted.</summary>
        public bool Everything { get; private set; }

        /// <summary>The largest xid of the writes that were not known to be committed.</summary>
        public ulong? Floor { get; private set; }

        public TaskCompletionSource Applied { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <summary>Keys and tags.</summary>
        public int Count { get; private set; }

        public bool IsEmpty => Count == 0 && !Everything;

        public void NoteFloor(Fence? fence)
        {
            if (fence is { IsCommitted: false, TransactionId: var id } && !(id < Floor))
            {
                Floor = id;
            }
        }

        public void Add(Invalidation what, Fence? fence)
        {
            var write = fence ?? default;
            if (!_writes.TryGetValue(write, out var names))
            {
                _writes[write] = names = new Names();
            }

            foreach (var key in what.Keys)
            {
                Count += names.Keys.Add(key) ? 1 : 0;
                _keys.Add(key);
            }

            foreach (var tag in what.Tags)
            {
                Count += names.Tags.Add(tag) ? 1 : 0;
                _hasTags = true;
            }
        }

        public void TakeEverything()
        {
            Everything = true;
            Count = 0;
            _writes.Clear();
            _keys.Clear();
        }

        public bool Covers(string key) => Everything || _hasTags || _keys.Contains(key);

        private sealed class Names
        {
            public HashSet<string> Keys { get; } = new(StringComparer.Ordinal);

            public HashSet<string> Tags { get; } = new(StringComparer.Ordinal);
        }
    }
}
