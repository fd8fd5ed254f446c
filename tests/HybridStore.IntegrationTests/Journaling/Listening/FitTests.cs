using HybridStore.IntegrationTests.Pooling;
using HybridStore.IntegrationTests.Standbys;

namespace HybridStore.IntegrationTests.Journaling.Listening;

/// <summary>What cannot be listened to is refused at start, with what to do about it.</summary>
public sealed class FitTests
{
    [Collection<PoolingDefinition>]
    public sealed class Poolers(PoolingFixture pooling)
    {
        [Fact]
        public async Task A_pooler_is_refused()
        {
            var error = await Assert.ThrowsAsync<InvalidOperationException>(() => JournalHost.StartAsync(pooling.WithDefaults));
            Assert.Contains("pooler", error.Message, StringComparison.Ordinal);
            Assert.Contains("Journal.ListenerConnectionString", error.Message, StringComparison.Ordinal);
        }

        [Fact]
        public async Task Behind_a_pooler_the_listener_has_a_connection_string_of_its_own()
        {
            var database = await pooling.WithUsualSettings.CreateDatabaseAsync(TestContext.Current.CancellationToken);
            var direct = new Npgsql.NpgsqlConnectionStringBuilder(pooling.Servers.Postgres.ConnectionString)
            {
                Database = new Npgsql.NpgsqlConnectionStringBuilder(database).Database,
            };
            await using var journal = await JournalHost.StartAsync(
                pooling.WithUsualSettings, options => options.Journal.ListenerConnectionString = direct.ConnectionString, database: database);
            await journal.ReadAsync(1);
            await journal.ExecuteAsync("update item set value = 1 where id = 1");
            await journal.SettleAsync();
            Assert.Equal(1, await journal.ReadAsync(1));
        }
    }

    public sealed class Standbys(StandbyFixture standby) : IClassFixture<StandbyFixture>
    {
        [Fact]
        public async Task A_standby_is_refused()
        {
            await using var journal = await JournalHost.StartAsync(standby, isListening: false);
            await standby.Pair.CatchUpAsync(TestContext.Current.CancellationToken);
            var error = await Assert.ThrowsAsync<InvalidOperationException>(() => JournalHost.StartAsync(
                standby,
                options => options.Journal.ListenerConnectionString = standby.Pair.OnStandby(journal.Host.ConnectionString),
                besides: journal));
            Assert.Contains("standby", error.Message, StringComparison.Ordinal);
        }
    }

    public sealed class Schemas(ServersFixture servers)
    {
        [Fact]
        public async Task A_database_without_the_schema_is_refused()
        {
            var error = await Assert.ThrowsAsync<InvalidOperationException>(
                () => StoreHost.StartAsync(servers, options => options.Journal.Enabled = true));
            Assert.Contains("hybridstore", error.Message, StringComparison.Ordinal);
            Assert.Contains("InstallAtStart", error.Message, StringComparison.Ordinal);
        }
    }
}
