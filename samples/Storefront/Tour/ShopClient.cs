using System.Diagnostics;
using System.Net;
using System.Text.Json;
using Storefront.Products;

namespace Storefront.Tour;

/// <summary>The shop as its clients see it: over HTTP.</summary>
internal sealed class ShopClient : IDisposable
{
    private readonly CookieContainer _cookies = new();
    private readonly HttpClient _http;

    public ShopClient(Uri address)
    {
        Address = address;
        _http = new HttpClient(new SocketsHttpHandler { CookieContainer = _cookies })
        {
            BaseAddress = address,
            Timeout = TimeSpan.FromSeconds(20),
        };
    }

    public Uri Address { get; }

    /// <summary>What the shop has set so far.</summary>
    public IEnumerable<Cookie> Cookies => _cookies.GetAllCookies();

    public Task<Answer> GetAsync(string path, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Get, path, null, cancellationToken);

    public Task<Answer> PutAsync(string path, object body, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Put, path, body, cancellationToken);

    public Task<Answer> PostAsync(string path, object body, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Post, path, body, cancellationToken);

    public Task<Answer> DeleteAsync(string path, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Delete, path, null, cancellationToken);

    public Task<Answer> PageAsync(int product, CancellationToken cancellationToken) =>
        GetAsync($"/products/{product}", cancellationToken);

    public async Task<decimal?> PriceAsync(int product, CancellationToken cancellationToken) =>
        (await PageAsync(product, cancellationToken)).Read<ProductPage>().Price;

    public Task<Answer> ChangePriceAsync(int product, decimal price, CancellationToken cancellationToken) =>
        PutAsync($"/products/{product}/price", new NewPrice(price), cancellationToken);

    public void Dispose() => _http.Dispose();

    private async Task<Answer> SendAsync(HttpMethod method, string path, object? body, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(method, path);
        request.Content = body is null ? null : JsonContent.Create(body);
        var startedAt = Stopwatch.GetTimestamp();
        using var response = await _http.SendAsync(request, cancellationToken);
        var text = await response.Content.ReadAsStringAsync(cancellationToken);
        return new Answer(response.StatusCode, text, Stopwatch.GetElapsedTime(startedAt), response.Headers.RetryAfter?.Delta);
    }
}

/// <param name="Status">The status code.</param>
/// <param name="Body">The body's text.</param>
/// <param name="Time">From the request to the answer's last byte.</param>
/// <param name="RetryAfter">When to come back; null if it does not say.</param>
internal sealed record Answer(HttpStatusCode Status, string Body, TimeSpan Time, TimeSpan? RetryAfter = null)
{
    public T Read<T>() => Status is >= HttpStatusCode.OK and < HttpStatusCode.MultipleChoices
        ? JsonSerializer.Deserialize<T>(Body, JsonSerializerOptions.Web)!
        : throw new InvalidOperationException($"The shop answered {(int)Status}: {Body}");
}
