using HybridStore.Consistency.History;
using HybridStore.Consistency.Keys;

namespace HybridStore.Consistency.Checking;

/// <summary>What every reader of a key has to see, by which promise.</summary>
internal sealed class Obligations
{
    private static readonly ViolationKind[] Promised =
    [
        ViolationKind.StaleAfterKeyInvalidation,
        ViolationKind.StaleAfterTagInvalidation,
        ViolationKind.StaleAfterFlush,
        ViolationKind.StaleAfterStrictCommit,
        ViolationKind.StaleInOwnProcess,
    ];

    private readonly Dictionary<(ViolationKind Kind, SoakKey Key, int Row, int Process), Steps> _steps = [];
    private readonly KeyLayout _layout;
    private readonly CommittedRows _committed;
    private readonly Visibility _visibility;
    private readonly IReadOnlyList<Disturbance> _losses;
    private readonly HashSet<WriteRecord> _answered;

    public Obligations(SoakHistory history, KeyLayout layout, CommittedRows committed, Visibility visibility)
    {
        _layout = layout;
        _committed = committed;
        _visibility = visibility;
        _losses = [.. history.Disturbances.Where(disturbance => disturbance.LosesFences)];
        _answered = [.. LostAnswers.Find(history)];
        foreach (var write in history.Writes)
        {
            if (write.Kind is OperationKind.Invalidation or OperationKind.Flush)
            {
                AddInvalidation(write);
            }
            else if (write.Versions.Count > 0)
            {
                AddInvalidated(write);
                AddStrict(write);
                AddDurable(write);
            }
        }

        foreach (var steps in _steps.Values)
        {
            steps.Seal();
        }
    }

    /// <summary>What a reader who begins at a time has to see.</summary>
    /// <param name="kind">By which promise.</param>
    /// <param name="key">What he reads.</param>
    /// <param name="row">The row.</param>
    /// <param name="process">His process, for what is promised there alone; else 0.</param>
    /// <param name="began">When he begins.</param>
    public Step? Of(ViolationKind kind, SoakKey key, int row, int process, long began)
    {
        var step = _steps.TryGetValue((kind, key, row, process), out var steps) ? steps.Before(began) : null;
        if (step is not { } required || KeyLayout.PartOf(key) is not { } part)
        {
            return step;
        }

        // What a key takes from its part may be as old as the part may be, by whatever promise that has to be new.
        var ofPart = Promised.Max(promise => NewestOf(promise, part, row, process, began));
        return ofPart == 0 ? null : required with { Version = Math.Min(required.Version, ofPart) };
    }

    /// <summary>What the journal has been told before a time of a row under a key.</summary>
    public Step? Journaled(SoakKey key, int row, long time)
    {
        if (!_layout.IsWatched(row))
        {
            return _steps.TryGetValue((ViolationKind.OlderThanBound, key, row, 0), out var steps) ? steps.Before(time) : null;
        }

        // Its triggers name every change under all its keys.
        return _visibility.NewestBefore(row, time) is > 0 and var version && _committed.WriterOf(row, version) is { } write
            ? new Step(time, version, write, ViolationKind.OlderThanBound)
            : null;
    }

    /// <summary>Whether a write names a key, itself or by its triggers.</summary>
    public bool IsNamed(WriteRecord write, SoakKey key, int row) => _layout.IsWatched(row) || KindFor(write.Names, key) is not null;

    private long NewestOf(ViolationKind kind, SoakKey key, int row, int process, long began)
    {
        var owner = kind == ViolationKind.StaleInOwnProcess ? process : 0;
        return _steps.TryGetValue((kind, key, row, owner), out var steps) ? steps.Before(began)?.Version ?? 0 : 0;
    }

    /// <summary>A write that its caller knows to be committed, and whose invalidation is applied. Where the outcome of COMMIT is unknown, the
    /// invalidation may have come before the commit, unless the run knows that it has not.</summary>
    private void AddInvalidated(WriteRecord write)
    {
        if (write.CommittedAt is null && !_answered.Contains(write))
        {
            return;
        }

        foreach (var (row, version) in write.Versions)
        {
            AddNamed(write, row, version);
        }
    }

    /// <summary>It holds for all that was visible before it began.</summary>
    private void AddInvalidation(WriteRecord invalidation)
    {
        for (var row = 0; row < _layout.Rows; row++)
        {
            if (_visibility.NewestBefore(row, invalidation.BeganAt) is > 0 and var version)
            {
                AddNamed(invalidation, row, version);
            }
        }
    }

    private void AddNamed(WriteRecord because, int row, long version)
    {
        foreach (var key in _layout.KeysOf(row))
        {
            if (KindFor(because.Names, key) is not { } kind)
            {
                continue;
            }

            if (because.AppliedAt is { } applied)
            {
                Add(key, row, 0, new Step(applied, version, because, kind));
            }

            if (because.InvalidatedAt is { } returned)
            {
                Add(key, row, because.Process, new Step(returned, version, because, ViolationKind.StaleInOwnProcess));
            }
        }
    }

    /// <summary>The fences of a strict write were in Redis before COMMIT: the receipt says so, or it would not have been committed without
    /// them. Not where Redis has lost them in between.</summary>
    private void AddStrict(WriteRecord write)
    {
        var fenced = write.CommittedAt is null ? write.Demand == StrictDemand.Abort : write.IsStrict;
        var visible = _visibility.Of(write);
        if (!fenced || visible == long.MaxValue || _losses.Any(loss => loss.StartedAt <= visible && loss.EndedAt >= write.BeganAt))
        {
            return;
        }

        foreach (var (row, version) in write.Versions)
        {
            foreach (var key in _layout.KeysOf(row))
            {
                if (KindFor(write.Names, key) is not null)
                {
                    Add(key, row, 0, new Step(visible, version, write, ViolationKind.StaleAfterStrictCommit));
                }
            }
        }
    }

    /// <summary>The journal names it since it was visible, whatever has become of its writer: that is for who has a bound. What names a page
    /// names the list too that it is made of.</summary>
    private void AddDurable(WriteRecord write)
    {
        if (write.Kind != OperationKind.Durable)
        {
            return;
        }

        foreach (var (row, version) in write.Versions)
        {
            foreach (var key in _layout.KeysOf(row))
            {
                if (KindFor(write.Names, key) is not null)
                {
                    Add(key, row, 0, new Step(_visibility.Of(write), version, write, ViolationKind.OlderThanBound));
                }
            }
        }
    }

    private void Add(SoakKey key, int row, int process, Step step)
    {
        var name = (step.Kind, key, row, process);
        if (!_steps.TryGetValue(name, out var steps))
        {
            _steps[name] = steps = new Steps();
        }

        steps.Add(step);
    }

    private ViolationKind? KindFor(Names names, SoakKey key) =>
        names.Everything ? ViolationKind.StaleAfterFlush
        : names.Keys.Contains(key.Name) ? ViolationKind.StaleAfterKeyInvalidation
        : _layout.TagOf(key) is { } tag && names.Tags.Contains(tag) ? ViolationKind.StaleAfterTagInvalidation
        : null;
}
