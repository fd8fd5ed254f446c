namespace HybridStore.Tests.Api;

/// <summary>Reads by SQL: the types that come out, and what is refused.</summary>
public class SqlCallsTests
{
    private readonly RecordingStore _store = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_row_is_what_the_caller_names_or_null()
    {
        Product? row = await _store.GetAsync<Product>("k", "select 1", new { id = 1 }, EntryOptions.Never, Cancellation);
        Assert.Null(row);
        Assert.Equal(typeof(Product), _store.Type);
        Assert.Same(EntryOptions.Never, _store.Options);
        Assert.Equal(Cancellation, _store.Token);

        int number = await _store.GetAsync<int>("k", "select 1", cancellationToken: Cancellation);
        Assert.Equal(0, number);
        Assert.Equal(typeof(int), _store.Type);

        int? nullable = await _store.GetAsync<int?>("k", "select 1", new { id = 1 }, cancellationToken: Cancellation);
        Assert.Null(nullable);
        Assert.Equal(typeof(int?), _store.Type);

        string? text = await _store.GetAsync<string>("k", "select 'a'", cancellationToken: Cancellation);
        Assert.Null(text);
    }

    [Fact]
    public async Task Rows_are_a_list()
    {
        IReadOnlyList<Product> rows = await _store.GetListAsync<Product>("k", "select 1", new { id = 1 }, EntryOptions.Never, Cancellation);

        Assert.Null(rows);
        Assert.Equal(typeof(IReadOnlyList<Product>), _store.Type);
        Assert.Equal("k", _store.Key);
    }

    [Fact]
    public void What_was_meant_for_a_place_further_on_is_refused_at_once()
    {
        object misplaced = Cancellation;
        var token = Assert.Throws<ArgumentException>(
            "parameters", () => { _ = _store.GetAsync<int>("k", "select 1", misplaced, null, Cancellation).AsTask(); });
        Assert.Contains("cancellationToken: ...", token.Message, StringComparison.Ordinal);

        var options = Assert.Throws<ArgumentException>(
            "parameters", () => { _ = _store.GetListAsync<int>("k", "select 1", EntryOptions.Never, null, Cancellation).AsTask(); });
        Assert.Contains("options: ...", options.Message, StringComparison.Ordinal);
        Assert.Null(_store.Key);
    }

    [Fact]
    public void A_statement_without_text_is_refused_at_once()
    {
        Assert.Throws<ArgumentException>("sql", () => { _ = _store.GetAsync<int>("k", " ", null, null, Cancellation).AsTask(); });
        Assert.Throws<ArgumentNullException>("sql", () => { _ = _store.GetListAsync<int>("k", null!, null, null, Cancellation).AsTask(); });
    }

    private sealed record Product(int Id, string Name);
}
