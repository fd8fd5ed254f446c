using HybridStore.Consistency.Running;
using HybridStore.Consistency.Workers;

namespace HybridStore.Consistency;

internal static class Soak
{
    private const int BadArguments = 2;

    public static async Task<int> Main(string[] arguments)
    {
        // The verb of the processes that a run starts.
        if (arguments is [Worker.Verb, var plan])
        {
            return await Worker.RunAsync(plan);
        }

        if (arguments.Contains("--help"))
        {
            Console.WriteLine(SoakOptions.Usage);
            return 0;
        }

        SoakOptions options;
        try
        {
            options = SoakOptions.Parse(arguments);
        }
        catch (ArgumentException misuse)
        {
            await Console.Error.WriteLineAsync(misuse.Message);
            return BadArguments;
        }

        return await SoakRun.RunAsync(options, Console.Out, Console.Error);
    }
}
