using System.Collections.Concurrent;
using System.Diagnostics;
using HybridStore.Servers;

namespace HybridStore.IntegrationTests.Writing;

/// <summary>Rows that carry a version, and callers that read and raise it at random and compare what they read with what they know to
/// be written.</summary>
internal sealed class VersionedRows : IAsyncDisposable
{
    private const int Callers = 32;
    public const int Rows = 24;
    private const int Groups = 4;

    private readonly StoreHost _host;
    private readonly int _seed;
    private readonly SemaphoreSlim _writers = new(Callers);
    private readonly long[] _written = new long[Rows];
    private readonly ConcurrentQueue<string> _stale = new();
    private readonly ConcurrentQueue<(long At, TaskCompletionSource Reached)> _waiting = new();
    private long _operations;
    private long _reads;
    private readonly long[] _loadsOf = new long[Rows];
    private long _loads;
    private long _writes;
    private volatile bool _stopping;

    private VersionedRows(StoreHost host, int seed) => (_host, _seed) = (host, seed);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public StoreHost Host => _host;

    public static Task<VersionedRows> StartAsync(TestServers servers, int seed) => StartAsync(new SingleServers(servers), seed);

    public static async Task<VersionedRows> StartAsync(
        IStoreServers servers, int seed, Action<HybridStoreOptions>? configure = null)
    {
        var host = await StoreHost.StartAsync(servers, options =>
        {
            // An outage is over soon after Redis is back.
            options.CircuitBreaker.BreakDuration = TimeSpan.FromMilliseconds(500);
            options.InvalidationRetry.InitialDelay = TimeSpan.FromMilliseconds(5);
            options.InvalidationRetry.MaximumDelay = TimeSpan.FromMilliseconds(50);
            configure?.Invoke(options);
        });
        await host.ExecuteAsync("create table versioned (id int primary key, version bigint not null)");
        await host.ExecuteAsync($"insert into versioned select id, 0 from generate_series(0, {Rows - 1}) id");
        return new VersionedRows(host, seed);
    }

    /// <summary>Runs all callers to the end.</summary>
    /// <param name="operations">How many reads and writes in all.</param>
    /// <param name="atMost">Ends earlier than that, between two disturbances.</param>
    /// <param name="disturbEvery">After how many operations to disturb.</param>
    /// <param name="disturb">What to do then, while the callers go on.</param>
    public async Task RunAsync(int operations, TimeSpan atMost, int disturbEvery = 0, Func<Task>? disturb = null)
    {
        var started = Stopwatch.GetTimestamp();
        var callers = Enumerable.Range(0, Callers).Select(caller => Task.Run(() => CallAsync(new Random(_seed * 1000 + caller)), Cancellation)).ToList();
        var step = disturb is null ? operations / 20 : disturbEvery;
        do
        {
            await UntilMoreAsync(step);
            if (disturb is not null)
            {
                await disturb();
            }
        }
        while (Interlocked.Read(ref _operations) < operations && Stopwatch.GetElapsedTime(started) < atMost);

        _stopping = true;
        await Task.WhenAll(callers);
    }

    /// <summary>Returns after so many further operations.</summary>
    public Task UntilMoreAsync(int operations)
    {
        var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _waiting.Enqueue((Interlocked.Read(ref _operations) + operations, reached));
        return reached.Task.WaitAsync(TimeSpan.FromMinutes(2), Cancellation);
    }

    /// <summary>Does something while no write is under way. Reads go on.</summary>
    public async Task WithoutWritesAsync(Func<Task> action)
    {
        for (var writer = 0; writer < Callers; writer++)
        {
            await _writers.WaitAsync(Cancellation);
        }

        try
        {
            await action();
        }
        finally
        {
            _writers.Release(Callers);
        }
    }

    /// <summary>The partition of a row's key.</summary>
    public int PartitionOf(int id) => _host.Root.Redis!.Session!.Layout.PartitionOf(Key(id));

    /// <summary>The version of a row as this instance or another one has it, from the cache or PostgreSQL.</summary>
    public async Task<long> VersionAsync(int id, StoreHost? host = null, WriteToken atLeast = default) => await (host ?? _host).Store
        .With(new ReadOptions { AtLeast = atLeast }).GetAsync(
        Key(id),
        (Rows: this, id),
        static async (call, context, token) =>
        {
            Interlocked.Increment(ref call.Rows._loads);
            Interlocked.Increment(ref call.Rows._loadsOf[call.id]);
            context.AddTag(Tag(call.id));
            return await context.ExecuteScalarAsync<long>(
                "select version from versioned where id = @id", new { call.id }, token);
        },
        cancellationToken: Cancellation);

    /// <summary>Reads a row in this instance or another one, and waits until what it may have stored is there.</summary>
    public async Task<long> ReadOnceAsync(int id, StoreHost? host = null)
    {
        var version = await VersionAsync(id, host);
        await (host ?? _host).SettleAsync();
        return version;
    }

    public Task<WriteReceipt<long>> WriteOnceAsync(int id, bool byTag, WriteOptions? options = null) => RaiseAsync(id, byTag, options);

    /// <summary>Returns when each of these rows has been served from Redis again.</summary>
    public async Task UntilServedAsync(IEnumerable<int> ids, StoreHost? host = null)
    {
        var started = Stopwatch.GetTimestamp();
        var left = new Queue<int>(ids);
        while (left.Count > 0)
        {
            Assert.True(Stopwatch.GetElapsedTime(started) < TimeSpan.FromMinutes(1), "Some rows have not been served from Redis for a minute.");
            await WithoutWritesAsync(async () =>
            {
                for (var round = left.Count; round > 0; round--)
                {
                    var id = left.Dequeue();
                    await ReadOnceAsync(id, host);
                    var before = Interlocked.Read(ref _loadsOf[id]);
                    await VersionAsync(id, host);
                    if (Interlocked.Read(ref _loadsOf[id]) != before)
                    {
                        left.Enqueue(id);
                    }
                }
            });
        }
    }

    /// <summary>Returns when a read has been served from Redis again.</summary>
    public async Task UntilRedisServesAsync()
    {
        var started = Stopwatch.GetTimestamp();
        for (var loaded = true; loaded;)
        {
            Assert.True(Stopwatch.GetElapsedTime(started) < TimeSpan.FromMinutes(1), "Nothing has been served from Redis for a minute.");
            loaded = false;
            await _host.Store.GetAsync(
                "served",
                _ =>
                {
                    loaded = true;
                    return ValueTask.FromResult(1);
                },
                cancellationToken: Cancellation);
        }
    }

    public void AssertFreshAndCached()
    {
        Assert.Empty(_stale);
        Assert.True(_writes > 0, "Nothing was written.");
        Assert.True(_loads < _reads, $"All of {_reads} reads were loads: the cache took no part.");
    }

    public ValueTask DisposeAsync()
    {
        _writers.Dispose();
        return _host.DisposeAsync();
    }

    private async Task CallAsync(Random random)
    {
        while (!_stopping)
        {
            var id = random.Next(Rows);
            await (random.Next(5) switch
            {
                0 => WriteAsync(id, byTag: random.Next(4) == 0),
                _ => ReadAsync(id),
            });
            Count();
        }
    }

    private async Task ReadAsync(int id)
    {
        var atLeast = Interlocked.Read(ref _written[id]);
        var version = await VersionAsync(id);
        Interlocked.Increment(ref _reads);
        if (version < atLeast)
        {
            _stale.Enqueue($"Row {id}: read {version}, but {atLeast} had been written before.");
        }
    }

    private async Task WriteAsync(int id, bool byTag)
    {
        await _writers.WaitAsync(Cancellation);
        try
        {
            await WriteAloneAsync(id, byTag);
        }
        finally
        {
            _writers.Release();
        }
    }

    private async Task WriteAloneAsync(int id, bool byTag)
    {
        var receipt = await RaiseAsync(id, byTag, options: null);
        Interlocked.Increment(ref _writes);
        for (var known = Interlocked.Read(ref _written[id]); known < receipt.Result;)
        {
            var before = Interlocked.CompareExchange(ref _written[id], receipt.Result, known);
            if (before == known)
            {
                break;
            }

            known = before;
        }
    }

    private Task<WriteReceipt<long>> RaiseAsync(int id, bool byTag, WriteOptions? options) => _host.Store.WriteAsync<long>(
        async (write, token) =>
        {
            if (byTag)
            {
                write.InvalidateTag(Tag(id));
            }
            else
            {
                write.Invalidate(Key(id));
            }

            return await write.ExecuteScalarAsync<long>(
                "update versioned set version = version + 1 where id = @id returning version", new { id }, token);
        },
        options,
        Cancellation);

    private void Count()
    {
        var operations = Interlocked.Increment(ref _operations);
        while (_waiting.TryPeek(out var next) && next.At <= operations && _waiting.TryDequeue(out var taken))
        {
            // Another caller may have taken the one that was looked at; one that is taken too early goes back.
            if (taken.At <= operations)
            {
                taken.Reached.TrySetResult();
            }
            else
            {
                _waiting.Enqueue(taken);
            }
        }
    }

    private static string Key(int id) => $"versioned:{id}";

    private static string Tag(int id) => $"group:{id % Groups}";
}
