using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;

namespace Storefront.Tour;

/// <summary>Customers who look at product pages all the time, whatever happens to Redis.</summary>
internal sealed class Traffic : IAsyncDisposable
{
    private const int Customers = 4;

    private readonly ShopClient _shop;
    private readonly IReadOnlyList<int> _products;
    private readonly ConcurrentQueue<Visit> _visits = [];
    private readonly CancellationTokenSource _closing = new();
    private readonly Task _customers;

    public Traffic(ShopClient shop, IReadOnlyList<int> products)
    {
        _shop = shop;
        _products = products;
        _customers = Task.WhenAll(Enumerable.Range(0, Customers).Select(customer => Task.Run(() => BrowseAsync(customer))));
    }

    public int Failed => _visits.Count(visit => visit.Failure is not null);

    public string? FirstFailure => _visits.FirstOrDefault(visit => visit.Failure is not null)?.Failure;

    public int Count => _visits.Count;

    /// <summary>Visits that began in a span of the monotonic clock.</summary>
    public IReadOnlyList<TimeSpan> Times(long from, long to = long.MaxValue) =>
        [.. _visits.Where(visit => visit.StartedAt >= from && visit.StartedAt < to).Select(visit => visit.Time)];

    /// <summary>Waits until so many more pages have been served.</summary>
    public Task<bool> GoesOnAsync(int visits, CancellationToken cancellationToken)
    {
        var enough = Count + visits;
        return Poll.UntilAsync(() => Count >= enough, TimeSpan.FromSeconds(20), cancellationToken);
    }

    /// <summary>Lets everybody finish what they are at.</summary>
    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync();
        await _customers;
        _closing.Dispose();
    }

    private async Task BrowseAsync(int customer)
    {
        for (var visit = customer; !_closing.IsCancellationRequested; visit += Customers)
        {
            var startedAt = Stopwatch.GetTimestamp();
            string? failure = null;
            try
            {
                var answer = await _shop.PageAsync(_products[visit % _products.Count], CancellationToken.None);
                failure = answer.Status == HttpStatusCode.OK ? null : $"{(int)answer.Status} {answer.Body}";
            }
            catch (Exception error) when (error is HttpRequestException or OperationCanceledException)
            {
                failure = error.Message;
            }

            _visits.Enqueue(new Visit(startedAt, Stopwatch.GetElapsedTime(startedAt), failure));

            // A customer looks at what was served; two hundred visits a second in all leave the machine its breath.
            await Task.Delay(TimeSpan.FromMilliseconds(20), CancellationToken.None);
        }
    }

    private sealed record Visit(long StartedAt, TimeSpan Time, string? Failure);
}
