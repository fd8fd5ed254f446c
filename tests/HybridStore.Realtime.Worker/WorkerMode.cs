using Microsoft.Extensions.DependencyInjection;

namespace HybridStore.Realtime.Worker;

/// <summary>Something a worker can do.</summary>
/// <param name="Register">Registers the services that it needs.</param>
/// <param name="RunAsync">Works, and returns one line that tells what came of it.</param>
internal sealed record WorkerMode(Action<IHybridStoreBuilder, string[]> Register, Func<WorkerScene, string[], Task<string>> RunAsync);
