using CsCheck;
using HybridStore.Realtime.Sessions;
using Microsoft.Extensions.DependencyInjection;

namespace HybridStore.Realtime.Tests.Sessions;

/// <summary>Any sequence of operations leaves what a few dictionaries in memory would hold.</summary>
public class SessionModelTests(OwnServersFixture fixture) : IClassFixture<OwnServersFixture>
{
    private static readonly Gen<(int Kind, int Which, string Field, byte Value)[]> Steps =
        Gen.Select(Gen.Int[0, 11], Gen.Int[0, 5], Gen.Int[0, 2].Select(number => "abc"[number].ToString()), Gen.Byte).Array[1, 25];

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Sessions_are_what_their_history_says(bool copy)
    {
        await using var host = await RealtimeHost.StartAsync(
            fixture.Servers, builder => builder.AddSessions(options => options.PostgresCopy = copy));
        await Steps.SampleAsync(
            async steps =>
            {
                var model = new SessionModel(host.Get<ISessionStore>());
                foreach (var step in steps)
                {
                    if (step.Kind == 11 && copy)
                    {
                        await fixture.Servers.Redis.FlushAsync();
                    }

                    await model.StepAsync(step.Kind, step.Which, step.Field, step.Value);
                }

                await model.AssertAsync();
            },
            iter: 40,
            threads: 1);
    }

    private sealed class SessionModel(ISessionStore store)
    {
        private readonly List<Entry> _sessions = [];
        private readonly List<string> _dead = [SessionName.NewId()];

        // Users that no other sample has.
        private readonly string[] _users = [Guid.NewGuid().ToString(), Guid.NewGuid().ToString()];

        private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

        public async Task StepAsync(int kind, int which, string field, byte value)
        {
            if (kind is 0 or 1 || _sessions.Count == 0)
            {
                var user = kind == 0 ? null : _users[which % 2];
                var created = await store.CreateAsync(
                    new SessionStart { UserId = user, Fields = new SessionChanges().Set(field, new[] { value }) }, Cancellation);
                _sessions.Add(new Entry(created.Id, created.Handle) { User = user, Version = 1, Fields = { [field] = value } });
                return;
            }

            var entry = _sessions[which % _sessions.Count];
            switch (kind)
            {
                case 2 or 3:
                    Assert.Equal(++entry.Version, await store.MergeAsync(entry.Id, new SessionChanges().Set(field, new[] { value }), Cancellation));
                    entry.Fields[field] = value;
                    break;
                case 4:
                    Assert.Equal(++entry.Version, await store.MergeAsync(entry.Id, new SessionChanges().Remove(field), Cancellation));
                    entry.Fields.Remove(field);
                    break;
                case 5:
                    var expected = entry.Version - (value % 2);
                    var result = await store.TryReplaceAsync(entry.Id, expected, new SessionChanges().Set(field, new[] { value }), Cancellation);
                    if (value % 2 == 0)
                    {
                        entry.Version++;
                        entry.Fields.Clear();
                        entry.Fields[field] = value;
                    }

                    Assert.Equal(value % 2 == 0 ? SessionReplaceOutcome.Replaced : SessionReplaceOutcome.Conflict, result.Outcome);
                    Assert.Equal(entry.Version, result.Version);
                    break;
                case 6 or 7:
                    _dead.Add(entry.Id);
                    entry.User = kind == 6 ? entry.User : _users[value % 2];
                    entry.Id = (await store.RegenerateIdAsync(entry.Id, kind == 6 ? null : entry.User, Cancellation))!.Id;
                    entry.Version++;
                    break;
                case 8:
                    Assert.True(await store.RevokeAsync(entry.Id, Cancellation));
                    Die(entry);
                    break;
                case 9:
                    Assert.Equal(entry.User == _users[0], await store.RevokeByHandleAsync(_users[0], entry.Handle, Cancellation));
                    if (entry.User == _users[0])
                    {
                        Die(entry);
                    }

                    break;
                case 10:
                    var all = _sessions.Where(other => other.User == _users[value % 2] && other != entry).ToList();
                    Assert.Equal(all.Count, await store.RevokeAllOfUserAsync(_users[value % 2], entry.Id, Cancellation));
                    all.ForEach(Die);
                    break;
                default:
                    await AssertAsync();
                    break;
            }
        }

        public async Task AssertAsync()
        {
            foreach (var entry in _sessions)
            {
                var read = await store.GetAsync(entry.Id, Cancellation);
                Assert.NotNull(read);
                Assert.Equal((entry.Handle, entry.User, entry.Version), (read.Handle, read.UserId, read.Version));
                Assert.Equal(
                    entry.Fields.OrderBy(pair => pair.Key),
                    read.Fields.Select(pair => KeyValuePair.Create(pair.Key, pair.Value.Span[0])).OrderBy(pair => pair.Key));
            }

            foreach (var id in _dead)
            {
                Assert.Null(await store.GetAsync(id, Cancellation));
                Assert.Null(await store.MergeAsync(id, new SessionChanges().Set("a", "1"), Cancellation));
            }

            foreach (var user in _users)
            {
                Assert.Equal(
                    _sessions.Where(entry => entry.User == user).Select(entry => entry.Handle).Order(),
                    (await store.ListOfUserAsync(user, cancellationToken: Cancellation)).Select(info => info.Handle).Order());
            }
        }

        private void Die(Entry entry)
        {
            _sessions.Remove(entry);
            _dead.Add(entry.Id);
        }
    }

    private sealed class Entry(string id, string handle)
    {
        public string Id { get; set; } = id;

        public string Handle { get; } = handle;

        public string? User { get; set; }

        public long Version { get; set; }

        public Dictionary<string, byte> Fields { get; } = new(StringComparer.Ordinal);
    }
}
