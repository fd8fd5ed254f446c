using System.Runtime.InteropServices;
using HybridStore.Servers;
using HybridStore.Servers.Hosting;

// Starts both servers, prints how to reach them as settings for a shell, and keeps them until it is asked to end:
// several test runs can then share them.
var ended = new TaskCompletionSource();
using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, End);
using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, End);

await using var servers = await TestServers.StartAsync();
Console.WriteLine($"export {ServerChoice.PostgresVariable}='{servers.Postgres.DirectConnectionString}'");
Console.WriteLine($"export {ServerChoice.RedisVariable}='{servers.Redis.DirectConnectionString}'");
Console.Error.WriteLine("Both servers run; Ctrl+C ends them.");
await ended.Task;

void End(PosixSignalContext signal)
{
    signal.Cancel = true;
    ended.TrySetResult();
}
