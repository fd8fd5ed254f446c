using HybridStore.Journaling;

namespace HybridStore.IntegrationTests.Journaling.Listening;

public sealed class ShortWaitTests(ServersFixture servers)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(-1)]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(9_999)]
    [InlineData(10_000)]
    public async Task A_wait_for_the_bell_that_is_shorter_than_the_client_can_count_ends(long ticks)
    {
        await using var journal = await JournalHost.StartAsync(servers, isListening: false);
        await using var connection = await JournalConnection.OpenAsync(
            journal.Host.DataSource, new JournalNames("hybridstore"), TimeSpan.FromMinutes(5), TimeProvider.System, Cancellation);

        Assert.False(await connection.WaitForBellAsync(TimeSpan.FromTicks(ticks), Cancellation).WaitAsync(TimeSpan.FromSeconds(30), Cancellation));
    }
}
