namespace HybridStore.Conformance;

/// <summary>Reads of many keys at once, and reads that load nothing.</summary>
public abstract class BatchContract(IStoreBackend backend) : StoreContract(backend)
{
    [Fact]
    public async Task Values_come_in_the_order_of_the_ids_duplicates_included()
    {
        await using var test = await StartAsync();
        var loads = new BatchLoads();

        Assert.Equal([3, 1, 3, 2, 1], (await loads.ReadAsync(test.Store, 3, 1, 3, 2, 1)).Select(thing => thing!.Id));
        Assert.Equal([3, 1, 2], Assert.Single(loads.Asked));
    }

    [Fact]
    public async Task Only_what_is_missing_is_loaded_and_all_at_once()
    {
        await using var test = await StartAsync();
        var loads = new BatchLoads();
        await loads.ReadAsync(test.Store, 2, 4);

        var values = await loads.ReadAsync(test.Store, 1, 2, 3, 4, 5);

        Assert.Equal([1, 2, 3, 4, 5], values.Select(thing => thing!.Id));
        Assert.Equal([2, 1, 2, 1, 2], values.Select(thing => thing!.Run));
        Assert.Equal([2, 4], loads.Asked[0]);
        Assert.Equal([1, 3, 5], loads.Asked[1]);
    }

    [Fact]
    public async Task Single_and_batch_reads_find_each_others_entries()
    {
        await using var test = await StartAsync();
        var loads = new BatchLoads();
        var first = await test.Store.GetAsync("thing:1", (_, _) => ValueTask.FromResult(new Thing(1, 99)), cancellationToken: Cancellation);

        var many = await loads.ReadAsync(test.Store, 1, 2);

        Assert.Equal([first, new Thing(2, 1)], many);
        Assert.Equal(
            new Thing(2, 1),
            await test.Store.GetAsync("thing:2", (_, _) => ValueTask.FromResult(new Thing(2, 99)), cancellationToken: Cancellation));
    }

    [Fact]
    public async Task Nothing_is_asked_for_no_ids()
    {
        await using var test = await StartAsync();
        var loads = new BatchLoads();

        Assert.Empty(await loads.ReadAsync(test.Store));
        Assert.Empty(loads.Asked);
    }

    [Fact]
    public async Task An_id_without_a_row_is_null_and_not_cached()
    {
        await using var test = await StartAsync();
        var loads = new BatchLoads { Missing = { 2 } };

        Assert.Equal([new Thing(1, 1), null], await loads.ReadAsync(test.Store, 1, 2));
        loads.Missing.Clear();
        Assert.Equal([new Thing(1, 1), new Thing(2, 2)], await loads.ReadAsync(test.Store, 1, 2));
    }

    [Fact]
    public async Task An_id_without_a_row_is_cached_where_negative_caching_is_on()
    {
        await using var test = await StartAsync();
        var loads = new BatchLoads { Missing = { 2 }, Options = new EntryOptions { NegativeTimeToLive = TimeSpan.FromMinutes(1) } };

        await loads.ReadAsync(test.Store, 1, 2);
        loads.Missing.Clear();

        Assert.Equal([new Thing(1, 1), null], await loads.ReadAsync(test.Store, 1, 2));
        Assert.Single(loads.Asked);
    }

    [Fact]
    public async Task A_missing_row_of_a_type_without_null_is_its_default_and_not_cached()
    {
        await using var test = await StartAsync();
        ValueTask<IReadOnlyList<decimal>> ReadAsync(params decimal[] rows) => test.Store.GetManyAsync(
            [1, 2],
            static id => $"price:{id}",
            (_, _, _) => ValueTask.FromResult<IReadOnlyList<decimal>>(rows),
            static price => (int)price,
            cancellationToken: Cancellation);

        Assert.Equal([1, 0], await ReadAsync(1m));

        Assert.False((await test.Store.TryGetAsync<decimal>("price:2", cancellationToken: Cancellation)).HasValue);
        Assert.Equal([1, 2], await ReadAsync(2m));
    }

    [Fact]
    public async Task A_batch_that_fails_is_answered_with_what_is_past_its_expiry_where_that_is_wanted()
    {
        await using var test = await StartAsync();
        var brief = TimeSpan.FromMilliseconds(200);
        var loads = new BatchLoads
        {
            Options = new EntryOptions { TimeToLive = brief, Jitter = 0, Beta = 0, StaleOnError = TimeSpan.FromHours(1) },
        };
        var first = await loads.ReadAsync(test.Store, 1, 2);
        test.Elapse(brief);
        loads.Say = static _ => throw new TimeZoneNotFoundException();

        IReadOnlyList<Thing?> again;
        do
        {
            again = await loads.ReadAsync(test.Store, 2, 1);
        }
        while (loads.Asked.Count == 1);

        Assert.Equal(first.Reverse(), again);
        await test.Store.InvalidateAsync(new Invalidation { Keys = ["thing:2"] }, Cancellation);
        await Assert.ThrowsAsync<TimeZoneNotFoundException>(async () => await loads.ReadAsync(test.Store, 2, 1));
        Assert.Equal(first[0], Assert.Single(await loads.ReadAsync(test.Store, 1)));
    }

    [Fact]
    public async Task A_batch_waits_no_longer_than_the_hard_time_out()
    {
        await using var test = await StartAsync();
        var loads = new BatchLoads
        {
            Until = new TaskCompletionSource().Task,
            Options = new EntryOptions { HardLoadTimeout = TimeSpan.FromMilliseconds(300) },
        };
        var reading = loads.ReadAsync(test.Store, 1, 2).AsTask();
        await loads.Started.WaitAsync(Cancellation);

        while (!reading.IsCompleted)
        {
            test.Elapse(TimeSpan.FromMilliseconds(300));
            await Task.WhenAny(reading, Task.Delay(20, Cancellation));
        }

        await Assert.ThrowsAsync<HybridStoreLoadTimeoutException>(() => reading);
        await loads.Cancelled.WaitAsync(Cancellation);
    }

    [Fact]
    public async Task Each_entry_has_tags_of_its_own()
    {
        await using var test = await StartAsync();
        var loads = new BatchLoads { Tag = static id => id % 2 == 0 ? "even" : "odd" };
        await loads.ReadAsync(test.Store, 1, 2, 3, 4);

        await test.Store.InvalidateAsync(new Invalidation { Tags = ["even"] }, Cancellation);

        Assert.Equal([1, 2, 1, 2], (await loads.ReadAsync(test.Store, 1, 2, 3, 4)).Select(thing => thing!.Run));
        Assert.Equal([2, 4], loads.Asked[1]);
    }

    [Fact]
    public async Task A_tag_for_all_is_given_to_each()
    {
        await using var test = await StartAsync();
        var loads = new BatchLoads { Say = static context => context.AddTagToAll("things") };
        await loads.ReadAsync(test.Store, 1, 2);

        await test.Store.InvalidateAsync(new Invalidation { Tags = ["things"] }, Cancellation);

        Assert.Equal([2, 2], (await loads.ReadAsync(test.Store, 1, 2)).Select(thing => thing!.Run));
    }

    [Fact]
    public async Task A_load_may_keep_single_values_out_of_the_cache()
    {
        await using var test = await StartAsync();
        var loads = new BatchLoads
        {
            Say = static context =>
            {
                if (context.Ids.Contains(2))
                {
                    context.DoNotCache(2);
                }

                if (context.Ids.Contains(3))
                {
                    context.SetTimeToLive(3, TimeSpan.Zero);
                }
            },
        };
        await loads.ReadAsync(test.Store, 1, 2, 3);

        Assert.Equal([1, 2, 2], (await loads.ReadAsync(test.Store, 1, 2, 3)).Select(thing => thing!.Run));
    }

    [Fact]
    public async Task What_is_invalidated_is_loaded_again_alone()
    {
        await using var test = await StartAsync();
        var loads = new BatchLoads();
        await loads.ReadAsync(test.Store, 1, 2, 3);

        await test.Store.InvalidateAsync(new Invalidation { Keys = ["thing:2"] }, Cancellation);

        Assert.Equal([1, 2, 1], (await loads.ReadAsync(test.Store, 1, 2, 3)).Select(thing => thing!.Run));
        Assert.Equal([2], loads.Asked[1]);
    }

    [Fact]
    public async Task A_load_that_returns_what_nobody_asked_for_is_refused_with_its_position()
    {
        await using var test = await StartAsync();

        var error = await Assert.ThrowsAsync<InvalidOperationException>(async () => await test.Store.GetManyAsync(
            [1, 2],
            static id => $"thing:{id}",
            static (_, _, _) => ValueTask.FromResult<IReadOnlyList<Thing>>([new Thing(1, 0), new Thing(7, 0)]),
            static thing => thing.Id,
            cancellationToken: Cancellation));

        Assert.Contains("row 1", error.Message, StringComparison.Ordinal);
        Assert.Contains("\"7\"", error.Message, StringComparison.Ordinal);
        Assert.False((await test.Store.TryGetAsync<Thing>("thing:1", cancellationToken: Cancellation)).HasValue);
    }

    [Fact]
    public async Task A_load_that_returns_a_row_twice_is_refused_with_its_position()
    {
        await using var test = await StartAsync();

        var error = await Assert.ThrowsAsync<InvalidOperationException>(async () => await test.Store.GetManyAsync(
            [1, 2],
            static id => $"thing:{id}",
            static (_, _, _) => ValueTask.FromResult<IReadOnlyList<Thing>>([new Thing(1, 0), new Thing(1, 0)]),
            static thing => thing.Id,
            cancellationToken: Cancellation));

        Assert.Contains("row 1", error.Message, StringComparison.Ordinal);
        Assert.Contains("second time", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_load_that_returns_a_null_row_is_refused_with_its_position()
    {
        await using var test = await StartAsync();

        var error = await Assert.ThrowsAsync<InvalidOperationException>(async () => await test.Store.GetManyAsync(
            [1, 2],
            static id => $"thing:{id}",
            static (_, _, _) => ValueTask.FromResult<IReadOnlyList<Thing>>([new Thing(1, 0), null!]),
            static thing => thing.Id,
            cancellationToken: Cancellation));

        Assert.Contains("row 1", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_id_that_is_null_is_refused_with_its_position()
    {
        await using var test = await StartAsync();

        var error = await Assert.ThrowsAsync<ArgumentNullException>(async () => await test.Store.GetManyAsync(
            ["a", null!, "c"],
            static id => id,
            static (_, _, _) => ValueTask.FromResult<IReadOnlyList<string>>([]),
            static text => text,
            cancellationToken: Cancellation));

        Assert.Equal("ids[1]", error.ParamName);
    }

    [Fact]
    public async Task Two_ids_with_one_key_are_refused()
    {
        await using var test = await StartAsync();

        var error = await Assert.ThrowsAsync<ArgumentException>(async () => await test.Store.GetManyAsync(
            [1, 2],
            static _ => "thing",
            static (_, _, _) => ValueTask.FromResult<IReadOnlyList<Thing>>([]),
            static thing => thing.Id,
            cancellationToken: Cancellation));

        Assert.Contains("ids[1]", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_malformed_key_is_refused_with_its_position()
    {
        await using var test = await StartAsync();

        var error = await Assert.ThrowsAsync<ArgumentException>(async () => await test.Store.GetManyAsync(
            [1, 2],
            static id => id == 2 ? "" : "thing:1",
            static (_, _, _) => ValueTask.FromResult<IReadOnlyList<Thing>>([]),
            static thing => thing.Id,
            cancellationToken: Cancellation));

        Assert.Equal("ids[1]", error.ParamName);
    }

    [Fact]
    public async Task A_load_that_fails_is_told_to_its_caller_and_the_next_one_loads()
    {
        await using var test = await StartAsync();
        var loads = new BatchLoads { Say = static _ => throw new TimeZoneNotFoundException() };

        await Assert.ThrowsAsync<TimeZoneNotFoundException>(async () => await loads.ReadAsync(test.Store, 1, 2));

        loads.Say = null;
        Assert.Equal([2, 2], (await loads.ReadAsync(test.Store, 1, 2)).Select(thing => thing!.Run));
    }

    [Fact]
    public async Task Past_the_cache_all_ids_are_loaded_and_nothing_is_stored()
    {
        await using var test = await StartAsync();
        var loads = new BatchLoads();
        await loads.ReadAsync(test.Store, 1);
        var past = test.Store.With(new ReadOptions { SkipCache = true });

        Assert.Equal([2, 2], (await loads.ReadAsync(past, 1, 2)).Select(thing => thing!.Run));
        Assert.False((await test.Store.TryGetAsync<Thing>("thing:2", cancellationToken: Cancellation)).HasValue);
        Assert.Equal(1, (await test.Store.TryGetAsync<Thing>("thing:1", cancellationToken: Cancellation)).Value.Run);
    }

    [Fact]
    public async Task Two_batches_that_want_each_others_keys_in_another_order_load_each_key_once()
    {
        await using var test = await StartAsync();
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var loads = new BatchLoads { Until = gate.Task };
        var first = loads.ReadAsync(test.Store, 1, 2).AsTask();
        var second = loads.ReadAsync(test.Store, 3, 2, 1).AsTask();
        var third = loads.ReadAsync(test.Store, 2, 4, 3).AsTask();

        gate.SetResult();

        Assert.Equal([1, 2], (await first).Select(thing => thing!.Id));
        Assert.Equal([3, 2, 1], (await second).Select(thing => thing!.Id));
        Assert.Equal([2, 4, 3], (await third).Select(thing => thing!.Id));
        Assert.Equal([1, 2, 3, 4], loads.Asked.SelectMany(ids => ids).Order());
    }

    [Fact]
    public async Task A_single_read_shares_the_load_of_a_batch()
    {
        await using var test = await StartAsync();
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var loads = new BatchLoads { Until = gate.Task };
        var batch = loads.ReadAsync(test.Store, 1, 2).AsTask();
        await loads.Started.WaitAsync(Cancellation);
        var single = test.Store.GetAsync("thing:2", (_, _) => ValueTask.FromResult(new Thing(2, 99)), cancellationToken: Cancellation);

        gate.SetResult();

        Assert.Equal(1, (await single).Run);
        await batch;
    }

    [Fact]
    public async Task A_batch_takes_what_a_single_read_is_loading()
    {
        await using var test = await StartAsync();
        var (started, gate) = (new TaskCompletionSource(), new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        var single = test.Store.GetAsync(
            "thing:2",
            async (_, token) =>
            {
                started.SetResult();
                await gate.Task.WaitAsync(token);
                return new Thing(2, 99);
            },
            cancellationToken: Cancellation).AsTask();
        await started.Task.WaitAsync(Cancellation);
        var loads = new BatchLoads();
        var batch = loads.ReadAsync(test.Store, 1, 2).AsTask();
        await loads.Started.WaitAsync(Cancellation);

        gate.SetResult();

        Assert.Equal([new Thing(1, 1), new Thing(2, 99)], await batch);
        Assert.Equal([1], Assert.Single(loads.Asked));
        await single;
    }

    [Fact]
    public async Task A_caller_who_goes_leaves_the_load_of_a_batch_to_the_others()
    {
        await using var test = await StartAsync();
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var loads = new BatchLoads { Until = gate.Task };
        var stays = loads.ReadAsync(test.Store, 1, 2).AsTask();
        await loads.Started.WaitAsync(Cancellation);
        using var leaving = new CancellationTokenSource();
        var goes = loads.ReadAsync(test.Store, leaving.Token, 2).AsTask();

        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => goes);
        gate.SetResult();

        Assert.Equal([new Thing(1, 1), new Thing(2, 1)], await stays);
        Assert.False(loads.WasCancelled);
    }

    [Fact]
    public async Task The_load_of_a_batch_is_cancelled_when_all_callers_of_all_its_keys_have_gone()
    {
        await using var test = await StartAsync();
        var loads = new BatchLoads { Until = new TaskCompletionSource().Task };
        using var leaving = new CancellationTokenSource();
        var goes = loads.ReadAsync(test.Store, leaving.Token, 1, 2).AsTask();
        await loads.Started.WaitAsync(Cancellation);

        await leaving.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => goes);
        await loads.Cancelled.WaitAsync(Cancellation);
        loads.Until = null;
        Assert.Equal([2, 2], (await loads.ReadAsync(test.Store, 1, 2)).Select(thing => thing!.Run));
    }

    [Fact]
    public async Task A_batch_in_a_load_is_part_of_that_load()
    {
        await using var test = await StartAsync();
        var loads = new BatchLoads();

        var sum = await test.Store.GetAsync(
            "sum",
            async (_, _) => (await loads.ReadAsync(test.Store, 1, 2)).Sum(thing => thing!.Id),
            cancellationToken: Cancellation);

        Assert.Equal(3, sum);
        Assert.True((await test.Store.TryGetAsync<Thing>("thing:1", cancellationToken: Cancellation)).HasValue);
    }

    [Fact]
    public async Task What_is_not_cached_is_not_loaded_by_a_read_that_loads_nothing()
    {
        await using var test = await StartAsync();

        var nothing = await test.Store.TryGetAsync<int>("key", cancellationToken: Cancellation);
        await new CountedLoads().ReadAsync(test.Store, "key");
        var something = await test.Store.TryGetAsync<int>("key", cancellationToken: Cancellation);

        Assert.False(nothing.HasValue);
        Assert.Equal(7, nothing.GetValueOrDefault(7));
        Assert.Throws<InvalidOperationException>(() => nothing.Value);
        Assert.True(something.TryGetValue(out var value));
        Assert.Equal(1, value);
    }

    [Fact]
    public async Task A_missing_row_that_is_cached_is_a_value()
    {
        await using var test = await StartAsync();
        var options = new EntryOptions { NegativeTimeToLive = TimeSpan.FromMinutes(1) };
        await test.Store.GetAsync("key", (_, _) => ValueTask.FromResult<string?>(null), options, Cancellation);

        var found = await test.Store.TryGetAsync<string?>("key", cancellationToken: Cancellation);

        Assert.True(found.HasValue);
        Assert.Null(found.Value);
    }

    /// <param name="Id">The id.</param>
    /// <param name="Run">Which load brought it.</param>
    private sealed record Thing(int Id, int Run);

    /// <summary>Loads of things that say which of them brought a thing.</summary>
    private sealed class BatchLoads
    {
        private readonly TaskCompletionSource _started = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _cancelled = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly Lock _lock = new();
        private readonly List<int[]> _asked = [];

        public List<int[]> Asked => _asked;

        public HashSet<int> Missing { get; } = [];

        public EntryOptions? Options { get; init; }

        public Func<int, string>? Tag { get; init; }

        public Action<BatchLoadContext<int>>? Say { get; set; }

        /// <summary>What loads wait for.</summary>
        public Task? Until { get; set; }

        public Task Started => _started.Task;

        public Task Cancelled => _cancelled.Task;

        public bool WasCancelled => _cancelled.Task.IsCompleted;

        public ValueTask<IReadOnlyList<Thing?>> ReadAsync(IHybridStore store, params int[] ids) => ReadAsync(store, Cancellation, ids);

        public ValueTask<IReadOnlyList<Thing?>> ReadAsync(IHybridStore store, CancellationToken cancellationToken, params int[] ids) =>
            store.GetManyAsync(ids, static id => $"thing:{id}", LoadAsync, static thing => thing.Id, Options, cancellationToken);

        private async ValueTask<IReadOnlyList<Thing>> LoadAsync(
            IReadOnlyList<int> missing, BatchLoadContext<int> context, CancellationToken cancellationToken)
        {
            int run;
            lock (_lock)
            {
                _asked.Add([.. missing]);
                run = _asked.Count;
            }

            Assert.Equal(missing, context.Ids);
            _started.TrySetResult();
            try
            {
                await (Until ?? Task.CompletedTask).WaitAsync(cancellationToken);
            }
            catch (OperationCanceledException)
            {
                _cancelled.TrySetResult();
                throw;
            }

            Say?.Invoke(context);
            if (Tag is not null)
            {
                foreach (var id in missing)
                {
                    context.AddTag(id, Tag(id));
                }
            }

            return [.. missing.Where(id => !Missing.Contains(id)).Select(id => new Thing(id, run))];
        }
    }
}
