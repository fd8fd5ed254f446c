using System.Globalization;
using HybridStore.Realtime;
using HybridStore.Servers;
using Microsoft.Extensions.DependencyInjection;
using StackExchange.Redis;

namespace HybridStore.Benchmarks.Figures.Ephemeral;

/// <summary>What leaderboards and user state cost, next to the bare commands, which know no order of equal scores and no snapshots.</summary>
internal static class LeaderboardFigures
{
    private const int Members = 10_000;
    private const int Calls = 12_800;
    private const int Top = 10;

    private static readonly RedisKey RawBoard = "raw:board";
    private static readonly RedisKey RawState = "raw:state";
    private static readonly TimeSpan TimeToLive = TimeSpan.FromDays(30);
    private static readonly string[] Names =
        [.. Enumerable.Range(0, Members).Select(number => string.Create(CultureInfo.InvariantCulture, $"member:{number}"))];

    public static async Task WriteAsync(TestServers servers, FigureWriter figures, int rounds)
    {
        await MeasureAsync(servers, figures, rounds, hasSnapshots: false);
        await MeasureAsync(servers, figures, rounds, hasSnapshots: true);
    }

    private static async Task MeasureAsync(TestServers servers, FigureWriter figures, int rounds, bool hasSnapshots)
    {
        await using var scene = await EphemeralScene.StartAsync(servers, figures, rounds, builder =>
        {
            builder.AddLeaderboards().AddUserState();
            if (hasSnapshots)
            {
                builder.AddSnapshots(options => options.Interval = TimeSpan.FromDays(1));
            }
        });
        var board = scene.Services.GetRequiredService<ILeaderboards>().Get("figures");
        var raw = scene.Raw;
        await board.UpdateAsync([.. Names.Select((name, index) => LeaderboardUpdate.Set(name, index))]);
        await raw.SortedSetAddAsync(RawBoard, [.. Names.Select((name, index) => new SortedSetEntry(name, index))]);
        var turns = await scene.CompareAsync(
            Calls,
            ("update", (_, number) => board.SetAsync(NameOf(number), ScoreOf(number))),
            ("raw_update", (_, number) => UpdateAsync(raw, number)),
            ("rank", (_, number) => board.RankAsync(NameOf(number))),
            ("raw_rank", (_, number) => RankAsync(raw, number)),
            ("top", (_, _) => board.TopAsync(Top)),
            ("raw_top", (_, _) => raw.SortedSetRangeByRankWithScoresAsync(RawBoard, 0, Top - 1, Order.Descending)),
            ("mix", (_, number) => (number % 3) switch
            {
                0 => board.SetAsync(NameOf(number), ScoreOf(number)),
                1 => board.RankAsync(NameOf(number)),
                _ => board.TopAsync(Top),
            }),
            ("raw_mix", (_, number) => (number % 3) switch
            {
                0 => UpdateAsync(raw, number),
                1 => RankAsync(raw, number),
                _ => raw.SortedSetRangeByRankWithScoresAsync(RawBoard, 0, Top - 1, Order.Descending),
            }));
        var name = hasSnapshots ? "leaderboard.durable" : "leaderboard";
        figures.Figure($"{name}.ratio_raw", Rounds.Ratio(turns["mix"], turns["raw_mix"]), "ratio");
        foreach (var part in (string[])["update", "rank", "top"])
        {
            figures.Figure($"{name}.{part}.ratio_raw", Rounds.Ratio(turns[part], turns[$"raw_{part}"]), "ratio");
            figures.Figure($"{name}.{part}.us", Median.Of(turns[part].Select(turn => turn.Microseconds)), "us");
        }

        await MeasureStateAsync(scene, hasSnapshots ? "user_state.durable" : "user_state");
    }

    private static async Task MeasureStateAsync(EphemeralScene scene, string name)
    {
        var state = scene.Services.GetRequiredService<IUserState>();
        var level = new UserStateGroup("figures", TimeToLive).Field<int>("level");
        var turns = await scene.CompareAsync(
            Calls,
            ("set", (_, number) => state.SetAsync(NameOf(number), level, number)),
            ("raw_set", (_, number) => SetAsync(scene.Raw, number)),
            ("get", (_, number) => state.GetAsync(NameOf(number), level)),
            ("raw_get", (_, number) => scene.Raw.HashGetAsync(RawState.Append(NameOf(number)), level.Name)));
        foreach (var part in (string[])["set", "get"])
        {
            scene.Figures.Figure($"{name}.{part}.ratio_raw", Rounds.Ratio(turns[part], turns[$"raw_{part}"]), "ratio");
        }
    }

    private static string NameOf(int number) => Names[number % Members];

    // Another score with nearly each call, so that the members do move.
    private static double ScoreOf(int number) => Random.Shared.Next(Members) + (number * 0.001);

    private static Task<bool[]> UpdateAsync(IDatabase raw, int number)
    {
        var change = raw.SortedSetAddAsync(RawBoard, NameOf(number), ScoreOf(number));
        return Task.WhenAll(change, raw.KeyExpireAsync(RawBoard, TimeToLive));
    }

    private static Task RankAsync(IDatabase raw, int number)
    {
        var rank = raw.SortedSetRankAsync(RawBoard, NameOf(number), Order.Descending);
        return Task.WhenAll(rank, raw.SortedSetScoreAsync(RawBoard, NameOf(number)));
    }

    private static Task<bool[]> SetAsync(IDatabase raw, int number)
    {
        var key = RawState.Append(NameOf(number));
        var change = raw.HashSetAsync(key, "level", number);
        return Task.WhenAll(change, raw.KeyExpireAsync(key, TimeToLive));
    }
}
