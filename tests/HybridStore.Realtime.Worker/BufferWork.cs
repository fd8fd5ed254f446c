using System.Globalization;
using HybridStore.Realtime.Buffering;
using Microsoft.Extensions.DependencyInjection;

namespace HybridStore.Realtime.Worker;

/// <summary>Appends rows to a buffer as 64 callers at once, and writes what is there into PostgreSQL, until it is killed or, where it is to be
/// held at a step, has come to it.</summary>
/// <remarks>Arguments: the step, or none; the first row, and how many.</remarks>
internal static class BufferWork
{
    public const string Name = "buffer";
    public const string NoStep = "none";

    private const int Callers = 64;

    private static readonly StepHold Hold = new();

    public static WorkerMode Mode { get; } = new(Register, RunAsync);

    /// <summary>The buffer, as all processes have it.</summary>
    public static void Add(IHybridStoreBuilder builder, Action<WriteBufferOptions<BufferedRow>>? configure = null) =>
        builder.AddWriteBuffer<BufferedRow>("rows", options =>
        {
            options.Table = "buffered_row";
            options.Map("id", row => row.Id);
            options.FlushInterval = TimeSpan.FromMilliseconds(50);
            options.MaximumBatchRows = 1_000;
            options.BlockTimeout = TimeSpan.FromSeconds(60);
            configure?.Invoke(options);
        });

    /// <summary>Appends rows with consecutive numbers, each in a call of its own.</summary>
    public static Task AppendAsync(IWriteBuffer<BufferedRow> buffer, int from, int count) => Task.WhenAll(
        Enumerable.Range(0, Callers).Select(caller => Task.Run(async () =>
        {
            for (var id = from + caller; id < from + count; id += Callers)
            {
                await buffer.AppendAsync(new BufferedRow(id));
            }
        })));

    private static void Register(IHybridStoreBuilder builder, string[] arguments)
    {
        if (arguments[0] != NoStep)
        {
            Hold.Step = Enum.Parse<BufferStep>(arguments[0]);
        }

        Add(builder, options => options.Gate = Hold);
    }

    private static async Task<string> RunAsync(WorkerScene scene, string[] arguments)
    {
        var buffer = scene.Services.GetRequiredService<IWriteBuffer<BufferedRow>>();
        await AppendAsync(
            buffer, int.Parse(arguments[1], CultureInfo.InvariantCulture), int.Parse(arguments[2], CultureInfo.InvariantCulture));
        if (Hold.Step is not null)
        {
            await Hold.Reached;
            return "reached";
        }

        await buffer.FlushAsync();
        return "flushed";
    }

    /// <summary>Nobody gets past a step.</summary>
    private sealed class StepHold : IBufferGate
    {
        private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public BufferStep? Step { get; set; }

        public Task Reached => _reached.Task;

        public async ValueTask PassAsync(BufferStep step, int partition)
        {
            if (step == Step)
            {
                _reached.TrySetResult();
                await Task.Delay(Timeout.Infinite);
            }
        }
    }
}

internal sealed record BufferedRow(int Id);
