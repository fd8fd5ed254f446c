using System.Diagnostics;
using System.Globalization;

namespace HybridStore.IntegrationTests.Journaling.Listening;

/// <summary>The leader is a process of its own (samples/Listener), which stands still as its host may.</summary>
public sealed class FrozenLeaderTests(ServersFixture servers)
{
    [Fact]
    public async Task A_frozen_leader_is_replaced_and_does_no_harm_when_it_thaws()
    {
        await using var journal = await JournalHost.StartAsync(servers, isListening: false);
        using var worker = Start(journal);
        try
        {
            await journal.ReadAsync(1);
            await journal.SettleAsync();
            await SignalAsync(worker, "STOP");
            await using var other = await JournalHost.StartAsync(servers, besides: journal);
            await other.LeadsAsync();
            await other.ExecuteAsync("update item set value = 1 where id = 1");
            await other.SettleAsync();
            Assert.Equal(1, await other.ReadAsync(1));

            await SignalAsync(worker, "CONT");
            for (var value = 2; value < 20; value++)
            {
                await other.ExecuteAsync($"update item set value = {value} where id = 1");
                await other.SettleAsync();
                Assert.Equal(value, await other.ReadAsync(1));
            }

            Assert.False(worker.HasExited);
        }
        finally
        {
            worker.Kill();
        }
    }

    [Fact]
    public async Task A_worker_that_is_killed_is_followed_by_the_next()
    {
        await using var journal = await JournalHost.StartAsync(servers, isListening: false);
        using var first = Start(journal);
        using var second = Start(journal);
        try
        {
            await journal.ReadAsync(1);
            await journal.SettleAsync();
            first.Kill();
            await journal.ExecuteAsync("update item set value = 1 where id = 1");
            await journal.SettleAsync();
            Assert.Equal(1, await journal.ReadAsync(1));
        }
        finally
        {
            first.Kill();
            second.Kill();
        }
    }

    private Process Start(JournalHost journal)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true };
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "Listener.dll"));
        start.ArgumentList.Add($"--ConnectionStrings:Postgres={journal.Host.ConnectionString}");
        start.ArgumentList.Add($"--ConnectionStrings:Redis={((IStoreServers)servers).RedisConnectionString}");
        start.ArgumentList.Add($"--KeyPrefix={journal.Host.Prefix}");
        var process = Process.Start(start) ?? throw new InvalidOperationException("The worker could not be started.");

        // What it logs is taken from it, or it would wait for a reader.
        process.BeginOutputReadLine();
        return process;
    }

    private static async Task SignalAsync(Process process, string signal)
    {
        using var kill = Process.Start("kill", [$"-{signal}", process.Id.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(0, kill.ExitCode);
    }
}
