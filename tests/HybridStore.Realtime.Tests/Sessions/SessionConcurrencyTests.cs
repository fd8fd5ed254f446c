using System.Collections.Concurrent;
using System.Globalization;
using Microsoft.Extensions.DependencyInjection;

namespace HybridStore.Realtime.Tests.Sessions;

public class SessionConcurrencyTests(ServersFixture fixture)
{
    private const int Callers = 64;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task No_field_is_lost_where_two_processes_of_64_callers_change_one_session()
    {
        const int Count = 20;
        await using var host = await StartAsync();
        var store = host.Get<ISessionStore>();
        var session = await store.CreateAsync(cancellationToken: Cancellation);
        await using var worker = await WorkerProcess.StartAsync(
            "session-merge", host, session.Id, Count.ToString(CultureInfo.InvariantCulture));

        await worker.GoAsync();
        await AllAsync(async caller =>
        {
            for (var number = 1; number <= Count; number++)
            {
                Assert.NotNull(await store.MergeAsync(session.Id, new SessionChanges().SetJson($"test{caller}", number), Cancellation));
            }
        });
        Assert.Equal((Callers * Count).ToString(CultureInfo.InvariantCulture), await worker.ResultAsync());

        var read = await store.GetAsync(session.Id, Cancellation);
        Assert.Equal(2 * Callers, read!.Fields.Count);
        Assert.All(read.Fields.Keys, name => Assert.Equal(Count, read.GetJson<int>(name)));
        Assert.Equal(1 + (2 * Callers * Count), read.Version);
    }

    [Fact]
    public async Task Of_many_replacements_of_one_version_one_wins()
    {
        await using var host = await StartAsync();
        await using var second = await RealtimeHost.StartAsync(fixture.Servers, builder => builder.AddSessions(), besides: host);
        var store = host.Get<ISessionStore>();
        var session = await store.CreateAsync(cancellationToken: Cancellation);
        for (var version = 1L; version <= 10; version++)
        {
            var winners = new ConcurrentBag<int>();
            await AllAsync(async caller =>
            {
                var own = (caller % 2 == 0 ? host : second).Get<ISessionStore>();
                var result = await own.TryReplaceAsync(session.Id, version, new SessionChanges().SetJson("winner", caller), Cancellation);
                if (result.Outcome == SessionReplaceOutcome.Replaced)
                {
                    winners.Add(caller);
                }
            });

            var read = await store.GetAsync(session.Id, Cancellation);
            Assert.Equal(Assert.Single(winners), read!.GetJson<int>("winner"));
            Assert.Equal(version + 1, read.Version);
        }
    }

    [Fact]
    public async Task An_id_is_replaced_by_one_caller_alone_while_others_change_the_session_and_nothing_is_lost()
    {
        await using var host = await StartAsync();
        await using var second = await RealtimeHost.StartAsync(fixture.Servers, builder => builder.AddSessions(), besides: host);
        var store = host.Get<ISessionStore>();
        var id = (await store.CreateAsync(cancellationToken: Cancellation)).Id;
        var dead = new ConcurrentBag<string>();
        await AllAsync(async caller =>
        {
            var own = (caller % 2 == 0 ? host : second).Get<ISessionStore>();
            for (var number = 1; number <= 10;)
            {
                var current = Volatile.Read(ref id);
                if (caller < 8)
                {
                    if (await own.RegenerateIdAsync(current, cancellationToken: Cancellation) is { } regenerated)
                    {
                        // Whoever got it was alone with this id.
                        Assert.Equal(current, Interlocked.CompareExchange(ref id, regenerated.Id, current));
                        dead.Add(current);
                        number++;
                    }
                }
                else if (await own.MergeAsync(current, new SessionChanges().SetJson($"caller{caller}", number), Cancellation) is not null)
                {
                    number++;
                }
            }
        });

        Assert.Equal(80, dead.Count);
        foreach (var old in dead)
        {
            Assert.Null(await store.GetAsync(old, Cancellation));
        }

        var read = await store.GetAsync(id, Cancellation);
        Assert.Equal(Callers - 8, read!.Fields.Count);
        Assert.All(read.Fields.Keys, name => Assert.Equal(10, read.GetJson<int>(name)));
        Assert.Equal(1 + 80 + ((Callers - 8) * 10), read.Version);
    }

    [Fact]
    public async Task No_change_or_use_brings_a_revoked_session_back()
    {
        await using var host = await StartAsync();
        await using var second = await RealtimeHost.StartAsync(fixture.Servers, builder => builder.AddSessions(), besides: host);
        var store = host.Get<ISessionStore>();
        for (var round = 0; round < 5; round++)
        {
            var session = await store.CreateAsync(new SessionStart { UserId = "42" }, Cancellation);
            var begun = new CountdownEvent(Callers);
            var callers = AllAsync(async caller =>
            {
                var own = (caller % 2 == 0 ? host : second).Get<ISessionStore>();
                for (var number = 0; ; number++)
                {
                    var isThere = caller % 3 == 0
                        ? await own.GetAsync(session.Id, Cancellation) is not null
                        : await own.MergeAsync(session.Id, new SessionChanges().SetJson($"caller{caller}", number), Cancellation) is not null;
                    if (!isThere)
                    {
                        return;
                    }

                    if (number == 0)
                    {
                        begun.Signal();
                    }
                }
            });
            Assert.True(begun.Wait(TimeSpan.FromSeconds(20), Cancellation));

            Assert.True(await store.RevokeAsync(session.Id, Cancellation));
            Assert.Null(await second.Get<ISessionStore>().GetAsync(session.Id, Cancellation));
            await callers.WaitAsync(TimeSpan.FromSeconds(20), Cancellation);
            Assert.False(await host.Redis.KeyExistsAsync($"{host.Prefix}:session:{{{session.Handle}}}"));
        }
    }

    private static Task AllAsync(Func<int, Task> run) =>
        Task.WhenAll(Enumerable.Range(0, Callers).Select(caller => Task.Run(() => run(caller), Cancellation)));

    private Task<RealtimeHost> StartAsync() => RealtimeHost.StartAsync(fixture.Servers, builder => builder.AddSessions());
}
