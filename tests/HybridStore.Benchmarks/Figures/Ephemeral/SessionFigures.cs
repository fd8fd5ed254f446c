using HybridStore.Realtime;
using HybridStore.Servers;
using Microsoft.Extensions.DependencyInjection;
using StackExchange.Redis;

namespace HybridStore.Benchmarks.Figures.Ephemeral;

/// <summary>What it costs to read a session and move its end on, and to set a field of one, next to the commands that the bare client needs for
/// as much without looking at ids, versions or ends.</summary>
internal static class SessionFigures
{
    private const int Sessions = 1000;
    private const int Calls = 40_000;

    private static readonly TimeSpan Sliding = TimeSpan.FromHours(24);

    public static async Task WriteAsync(TestServers servers, FigureWriter figures, int rounds)
    {
        await using var scene = await EphemeralScene.StartAsync(
            servers, figures, rounds, builder => builder.AddSessions(options => options.SlidingExpiration = Sliding));
        var store = scene.Services.GetRequiredService<ISessionStore>();
        var (ids, keys) = (new string[Sessions], new RedisKey[Sessions]);
        HashEntry[] fields =
        [
            new("user", "42"), new("name", "Ada Lovelace"), new("roles", "admin,editor,reader"), new("theme", "dark"),
            new("cart", """[{"product":17,"count":2},{"product":4711,"count":1}]"""),
        ];
        for (var index = 0; index < Sessions; index++)
        {
            var changes = new SessionChanges();
            foreach (var field in fields)
            {
                changes.Set(field.Name!, (byte[])field.Value!);
            }

            ids[index] = (await store.CreateAsync(new SessionStart { UserId = $"user{index}", Fields = changes })).Id;
            keys[index] = $"raw-session:{index}";
            await scene.Raw.HashSetAsync(keys[index], fields);
        }

        var reads = await scene.CompareAsync(
            Calls,
            ("session", (_, call) => store.GetAsync(ids[call % Sessions])),
            ("raw", (_, call) =>
            {
                var read = scene.Raw.HashGetAllAsync(keys[call % Sessions]);
                return Task.WhenAll(read, scene.Raw.KeyExpireAsync(keys[call % Sessions], Sliding));
            }
        ));
        figures.Figure("session.ratio_raw", Rounds.Ratio(reads["session"], reads["raw"]), "ratio");
        figures.Figure("session.per_s", 1e6 / Median.Of(reads["session"].Select(turn => turn.Microseconds)), "sessions/s");
        figures.Figure("session.bytes", Median.Of(reads["session"].Select(turn => turn.Bytes)), "bytes");

        var merges = await scene.CompareAsync(
            Calls,
            ("session", (_, call) => store.MergeAsync(ids[call % Sessions], new SessionChanges().Set("theme", "light"))),
            ("raw", (_, call) =>
            {
                var write = scene.Raw.HashSetAsync(keys[call % Sessions], "theme", "light");
                return Task.WhenAll(write, scene.Raw.KeyExpireAsync(keys[call % Sessions], Sliding));
            }
        ));
        figures.Figure("session.merge.ratio_raw", Rounds.Ratio(merges["session"], merges["raw"]), "ratio");
        figures.Figure("session.merge.per_s", 1e6 / Median.Of(merges["session"].Select(turn => turn.Microseconds)), "merges/s");
    }
}
