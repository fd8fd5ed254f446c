using HybridStore.Realtime.Worker;

// A second process for tests: it says "ready" when it is connected, works when it reads "go", writes what came of it in one line and
// ends. Whoever has started it may kill it at any time.
//
//   MODE PREFIX POSTGRES REDIS [arguments of the mode]
if (args is not [var mode, var prefix, var postgres, var redis, .. var rest] || WorkerModes.Find(mode) is not { } run)
{
    Console.Error.WriteLine($"Usage: {string.Join('|', WorkerModes.Names)} PREFIX POSTGRES REDIS [arguments]");
    return 2;
}

await using var scene = await WorkerScene.StartAsync(prefix, postgres, redis, mode, rest);
Console.WriteLine("ready");
if (Console.ReadLine() != "go")
{
    return 0;
}

Console.WriteLine(await run(scene, rest));
return 0;
