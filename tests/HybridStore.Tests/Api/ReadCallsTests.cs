using Microsoft.Extensions.DependencyInjection;

namespace HybridStore.Tests.Api;

/// <summary>
/// Every shape of a read that an application writes naturally. That this file compiles, with nullable warnings as errors and with
/// results assigned to variables of a written type, is the better half of the proof.
/// </summary>
public sealed class ReadCallsTests : IAsyncDisposable
{
    private static readonly KeyTemplate<int> ProductKey = new("product:{id}");
    private static readonly KeyTemplate<int, string> SearchKey = new("search:{org}:{text}");
    private static readonly EntryOptions Price = EntryOptions.Policy(PolicyNames.Price);

    private readonly ServiceProvider _services;
    private readonly IHybridStore _store;

    public ReadCallsTests()
    {
        var services = new ServiceCollection();
        services.AddHybridStore(options =>
        {
            options.Mode = HybridStoreMode.PassThrough;
            options.PostgresConnectionString = "Host=127.0.0.1;Port=1";
        });
        _services = services.BuildServiceProvider();
        _store = _services.GetRequiredService<IHybridStore>();
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task With_state_a_load_is_an_async_or_a_plain_lambda_of_a_ValueTask()
    {
        int asynchronous = await _store.GetAsync(
            "k",
            42,
            static async (id, context, token) =>
            {
                await Task.Yield();
                return id + context.Key.Length;
            },
            Price,
            Cancellation);
        int plain = await _store.GetAsync(
            "k", 42, static (id, _, _) => ValueTask.FromResult(id), cancellationToken: Cancellation);
        string text = await _store.GetAsync(
            "k", (Id: 42, Name: "Ada"), static (state, _, _) => ValueTask.FromResult(state.Name), cancellationToken: Cancellation);
        Product product = await _store.GetAsync("k", 42, LoadByIdAsync, Price, Cancellation);
        string ofTextState = await _store.GetAsync(
            "k", "state", static async (state, _, token) => await Task.FromResult(state), cancellationToken: Cancellation);

        Assert.Equal((43, 42, "Ada", new Product(42, "Kettle"), "state"), (asynchronous, plain, text, product, ofTextState));
    }

    [Fact]
    public async Task With_state_a_load_is_a_plain_lambda_of_a_Task_or_a_method_group()
    {
        int plain = await _store.GetAsync("k", 42, static (id, _, _) => Task.FromResult(id), cancellationToken: Cancellation);
        Product? lambda = await _store.GetAsync("k", 42, (id, _, token) => FindTaskAsync(id, token), Price, Cancellation);
        Product? group = await _store.GetAsync("k", 43, FindByIdTaskAsync, Price, Cancellation);
        Product? missing = await _store.GetAsync("k", 0, FindByIdTaskAsync, Price, Cancellation);

        Assert.Equal((42, new Product(42, "Kettle"), new Product(43, "Kettle")), (plain, lambda, group));
        Assert.Null(missing);
    }

    [Fact]
    public async Task Without_state_a_load_with_a_context_is_an_async_lambda()
    {
        int number = await _store.GetAsync(
            "k",
            async (context, token) =>
            {
                context.AddTag("org:7");
                await Task.Yield();
                return 42;
            },
            cancellationToken: Cancellation);
        Product product = await _store.GetAsync(
            "k", async (_, token) => await RequireTaskAsync(42, token), Price, Cancellation);
        Product? found = await _store.GetAsync(
            "k", async (_, token) => await FindTaskAsync(42, token), Price, Cancellation);
        Product? missing = await _store.GetAsync(
            "k", async (_, token) => await FindValueTaskAsync(0, token), Price, Cancellation);
        int? nothing = await _store.GetAsync<int?>("k", async (_, _) => await Task.FromResult<int?>(null), Price, Cancellation);

        Assert.Equal((42, new Product(42, "Kettle"), new Product(42, "Kettle")), (number, product, found));
        Assert.Null(missing);
        Assert.Null(nothing);
    }

    [Fact]
    public async Task Without_state_a_load_with_a_context_is_a_plain_lambda()
    {
        int ofValueTask = await _store.GetAsync("k", (_, _) => ValueTask.FromResult(42), cancellationToken: Cancellation);
        int ofTask = await _store.GetAsync("k", (_, _) => Task.FromResult(42), cancellationToken: Cancellation);
        Product? found = await _store.GetAsync("k", (_, token) => FindTaskAsync(42, token), Price, Cancellation);
        Product? valueFound = await _store.GetAsync("k", (_, token) => FindValueTaskAsync(42, token), Price, Cancellation);
        DateOnly date = await _store.GetAsync("k", (_, _) => ValueTask.FromResult(new DateOnly(2026, 1, 31)), Price, Cancellation);
        IReadOnlyList<Product> list = await _store.GetAsync("k", (_, token) => ListTaskAsync(token), Price, Cancellation);
        List<Product>? wider = await _store.GetAsync<List<Product>?>("k", (_, _) => Task.FromResult<List<Product>?>(null), Price, Cancellation);

        Assert.Equal((42, 42, new DateOnly(2026, 1, 31)), (ofValueTask, ofTask, date));
        Assert.Equal(found, valueFound);
        Assert.Single(list);
        Assert.Null(wider);
    }

    [Fact]
    public async Task Without_state_a_load_with_a_context_is_a_method_group()
    {
        Product ofValueTask = await _store.GetAsync("k", LoadValueTaskAsync, Price, Cancellation);
        Product? ofTask = await _store.GetAsync("k", LoadTaskAsync, Price, Cancellation);

        Assert.Equal(ofValueTask, ofTask);
    }

    [Fact]
    public async Task A_load_of_ones_own_takes_the_token_only()
    {
        int ofAsync = await _store.GetAsync(
            "k",
            async token =>
            {
                await Task.Yield();
                token.ThrowIfCancellationRequested();
                return 42;
            },
            cancellationToken: Cancellation);
        Product? found = await _store.GetAsync("k", token => FindTaskAsync(42, token), Price, Cancellation);
        Product? valueFound = await _store.GetAsync("k", token => FindValueTaskAsync(42, token), Price, Cancellation);
        Product? awaited = await _store.GetAsync("k", async token => await FindTaskAsync(42, token), Price, Cancellation);
        IReadOnlyList<Product> group = await _store.GetAsync("k", ListTaskAsync, Price, Cancellation);
        int valueGroup = await _store.GetAsync("k", CountValueTaskAsync, Price, Cancellation);
        int discarded = await _store.GetAsync("k", _ => Task.FromResult(1), cancellationToken: Cancellation);
        int? nullable = await _store.GetAsync("k", _ => Task.FromResult<int?>(1), cancellationToken: Cancellation);

        Assert.Equal((42, 1, 1, 1), (ofAsync, valueGroup, discarded, nullable));
        Assert.Equal(found, valueFound);
        Assert.Equal(found, awaited);
        Assert.Single(group);
    }

    [Fact]
    public async Task The_type_can_be_named()
    {
        Product? ofTask = await _store.GetAsync<Product?>("k", token => FindTaskAsync(0, token), cancellationToken: Cancellation);
        IReadOnlyList<Product> widened = await _store.GetAsync<IReadOnlyList<Product>>(
            "k", async (_, _) => await Task.FromResult(new List<Product>()), cancellationToken: Cancellation);

        Assert.Null(ofTask);
        Assert.Empty(widened);
        await Assert.ThrowsAsync<NotSupportedException>(
            () => _store.GetAsync<int>("k", (_, _) => throw new NotSupportedException(), cancellationToken: Cancellation).AsTask());
        await Assert.ThrowsAsync<NotSupportedException>(
            () => _store.GetAsync<int>("k", _ => throw new NotSupportedException(), cancellationToken: Cancellation).AsTask());
    }

    [Fact]
    public async Task Keys_come_from_templates()
    {
        string key = await _store.GetAsync(
            ProductKey.For(42), (context, _) => ValueTask.FromResult(context.Key), cancellationToken: Cancellation);
        string search = await _store.GetAsync(
            SearchKey.For(7, "red kettle: 1 l"), (context, _) => ValueTask.FromResult(context.Key), Price, Cancellation);

        Assert.Equal("product:42", key);
        Assert.Equal("search:7:red kettle%3A 1 l", search);
    }

    [Fact]
    public async Task The_options_and_the_token_may_be_left_out()
    {
#pragma warning disable xUnit1051 // This is about the call without a token.
        Assert.Equal(1, await _store.GetAsync("k", _ => Task.FromResult(1)));
        Assert.Equal(1, await _store.GetAsync("k", (_, _) => Task.FromResult(1)));
        Assert.Equal(1, await _store.GetAsync("k", (_, _) => ValueTask.FromResult(1), Price));
        Assert.Equal(1, await _store.GetAsync("k", 1, (one, _, _) => ValueTask.FromResult(one)));
        Assert.Equal(1, await _store.GetAsync("k", 1, (one, _, _) => Task.FromResult(one), Price));
#pragma warning restore xUnit1051
    }

    [Fact]
    public async Task A_view_is_read_like_the_store()
    {
        var view = _store.With(new ReadOptions { SkipCache = true });

        int stock = await view.GetAsync("stock:1", token => CountTaskAsync(token), EntryOptions.Never, Cancellation);

        Assert.Equal(1, stock);
    }

    [Fact]
    public void Null_loads_and_malformed_keys_are_refused_at_once()
    {
        AssertRefused<ArgumentNullException>(
            "load", () => _store.GetAsync("k", (Func<CancellationToken, Task<int>>)null!, null, Cancellation));
        AssertRefused<ArgumentNullException>(
            "load", () => _store.GetAsync("k", 1, (Func<int, LoadContext, CancellationToken, ValueTask<int>>)null!, null, Cancellation));
        AssertRefused<ArgumentNullException>(
            "load", () => _store.GetAsync("k", 1, (Func<int, LoadContext, CancellationToken, Task<int>>)null!, null, Cancellation));
        AssertRefused<ArgumentException>("key", () => _store.GetAsync("", _ => Task.FromResult(1), null, Cancellation));
        AssertRefused<ArgumentNullException>("key", () => _store.GetAsync(null!, _ => Task.FromResult(1), null, Cancellation));
        AssertRefused<ArgumentException>(
            "options", () => _store.GetAsync("k", _ => Task.FromResult(1), EntryOptions.Policy("x"), Cancellation));
        Assert.Throws<ArgumentNullException>("readOptions", () => _store.With(null!));
    }

    // Thrown by the call itself and not by its task.
    private static void AssertRefused<TException>(string parameter, Func<ValueTask<int>> call)
        where TException : ArgumentException =>
        Assert.Throws<TException>(parameter, () => { _ = call().AsTask(); });

    public ValueTask DisposeAsync() => _services.DisposeAsync();

    private static ValueTask<Product> LoadByIdAsync(int id, LoadContext context, CancellationToken cancellationToken) =>
        ValueTask.FromResult(new Product(id, "Kettle"));

    private static Task<Product?> FindByIdTaskAsync(int id, LoadContext context, CancellationToken cancellationToken) =>
        FindTaskAsync(id, cancellationToken);

    private static ValueTask<Product> LoadValueTaskAsync(LoadContext context, CancellationToken cancellationToken) =>
        ValueTask.FromResult(new Product(42, "Kettle"));

    private static Task<Product?> LoadTaskAsync(LoadContext context, CancellationToken cancellationToken) =>
        FindTaskAsync(42, cancellationToken);

    private static Task<Product> RequireTaskAsync(int id, CancellationToken cancellationToken) => Task.FromResult(new Product(id, "Kettle"));

    private static Task<Product?> FindTaskAsync(int id, CancellationToken cancellationToken) =>
        Task.FromResult(id == 0 ? null : new Product(id, "Kettle"));

    private static ValueTask<Product?> FindValueTaskAsync(int id, CancellationToken cancellationToken) =>
        new(FindTaskAsync(id, cancellationToken));

    private static Task<IReadOnlyList<Product>> ListTaskAsync(CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<Product>>([new Product(1, "Kettle")]);

    private static Task<int> CountTaskAsync(CancellationToken cancellationToken) => Task.FromResult(1);

    private static ValueTask<int> CountValueTaskAsync(CancellationToken cancellationToken) => ValueTask.FromResult(1);

    private sealed record Product(int Id, string Name);
}
