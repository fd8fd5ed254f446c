using System.Globalization;
using HybridStore.Servers;
using Microsoft.Extensions.DependencyInjection;

namespace HybridStore.Realtime.Tests.Buffering;

/// <summary>An application that counts clicks through a buffer.</summary>
internal static class ClickBuffer
{
    public const string Name = "clicks";

    public static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>Starts it, with its table.</summary>
    /// <param name="servers">The servers.</param>
    /// <param name="configure">Changes the buffer's settings, which are quick ones.</param>
    /// <param name="store">Changes the store's settings.</param>
    /// <param name="besides">Another process's place.</param>
    /// <param name="redis">Another Redis.</param>
    /// <param name="waitForRedis">False where Redis is away.</param>
    /// <param name="table">The table's columns; null where there is to be none.</param>
    public static async Task<RealtimeHost> StartAsync(
        TestServers servers,
        Action<WriteBufferOptions<Click>>? configure = null,
        Action<HybridStoreOptions>? store = null,
        RealtimeHost? besides = null,
        string? redis = null,
        bool waitForRedis = true,
        string? table = "id integer not null, text text")
    {
        var host = await RealtimeHost.StartAsync(
            servers, builder => Add(builder, configure), store, besides, redis, waitForRedis);
        if (besides is null && table is not null)
        {
            await host.ExecuteAsync($"create table click ({table})");
        }

        return host;
    }

    public static IWriteBuffer<Click> Clicks(this RealtimeHost host) => host.Get<IWriteBuffer<Click>>();

    public static async Task<long> CountAsync(this RealtimeHost host) => await host.ScalarAsync<long>("select count(*) from click");

    /// <summary>Just these are in the table, each once.</summary>
    public static async Task AssertArrivedAsync(this RealtimeHost host, IEnumerable<int> ids) =>
        Assert.Equal(ids, await host.ScalarAsync<int[]>("select coalesce(array_agg(id order by id), '{}') from click"));

    /// <summary>Waits until so many rows are in the table.</summary>
    public static Task ArriveAsync(this RealtimeHost host, long rows) => Eventually.HappensAsync(async () => await host.CountAsync() >= rows);

    /// <summary>Appends rows as many callers at once do.</summary>
    public static Task AppendAsync(this IWriteBuffer<Click> buffer, int from, int count, int callers = 64) =>
        Task.WhenAll(Enumerable.Range(0, callers).Select(caller => Task.Run(async () =>
        {
            for (var id = from + caller; id < from + count; id += callers)
            {
                await buffer.AppendAsync(Click.Of(id), Cancellation);
            }
        })));

    private static void Add(IHybridStoreBuilder builder, Action<WriteBufferOptions<Click>>? configure) =>
        builder.AddWriteBuffer<Click>(Name, options =>
        {
            options.Table = "click";
            options.Map("id", click => click.Id).Map("text", click => click.Text);
            options.FlushInterval = TimeSpan.FromMilliseconds(50);
            configure?.Invoke(options);
        });
}

public sealed record Click(int Id, string? Text)
{
    public static Click Of(int id) => new(id, id.ToString(CultureInfo.InvariantCulture));
}
