using HybridStore.Fencing;

namespace HybridStore.IntegrationTests.Exploring;

/// <summary>One flow of an application whose steps the explorer puts in order: it stops before each until it is let go. A flow that does one
/// thing only is an actor with nothing in it that stops.</summary>
/// <param name="letter">Stands for it in an order.</param>
/// <param name="name">What it is, for the trace.</param>
/// <param name="body">What it does.</param>
internal sealed class Actor(char letter, string name, Func<Actor, Task> body)
{
    private const string Start = "start";

    private readonly Lock _lock = new();
    private Func<ProtocolStep, bool> _passes = _ => false;
    private Action _changed = () => { };
    private TaskCompletionSource? _parked;
    private Task? _waitsFor;
    private bool _isFree;
    private bool _isDone;

    public char Letter { get; } = letter;

    public string Name { get; } = name;

    /// <summary>It does not come before this is over, which another brings about.</summary>
    public Task? After { get; init; }

    /// <summary>Told of each step before it is done, also of those that it passes; may throw, and the flow dies there.</summary>
    public Action<ProtocolStep>? Reaching { get; init; }

    /// <summary>The step that it is about to do, or has done last.</summary>
    public string At { get; private set; } = Start;

    public Exception? Failure { get; private set; }

    /// <summary>It stands before a step.</summary>
    public bool IsParked
    {
        get
        {
            lock (_lock)
            {
                return _parked is not null;
            }
        }
    }

    public bool IsDone
    {
        get
        {
            lock (_lock)
            {
                return _isDone;
            }
        }
    }

    /// <summary>Nothing more happens by itself: it stands before a step, waits for what another has not brought yet, or is done.</summary>
    public bool IsQuiet
    {
        get
        {
            lock (_lock)
            {
                return _isDone || _parked is not null || _waitsFor is { IsCompleted: false };
            }
        }
    }

    /// <summary>Brings it before its first step.</summary>
    /// <param name="passes">Steps before which it does not stop, unless it has just been waiting: two that waited for the same must not
    /// go on at once.</param>
    /// <param name="changed">Called when it stops or goes on, before that can be seen.</param>
    public void Begin(IReadOnlySet<ProtocolStep> passes, Action changed)
    {
        (_passes, _changed) = (passes.Contains, changed);
        _ = Task.Run(RunAsync);
    }

    public ValueTask PassAsync(ProtocolStep step)
    {
        Reaching?.Invoke(step);
        lock (_lock)
        {
            // What is cached is read as it starts: there is nothing between the two.
            if (_waitsFor is null && (_passes(step) || (step == ProtocolStep.ReadEntry && At == Start)))
            {
                return ValueTask.CompletedTask;
            }
        }

        return PassAsync(step.ToString());
    }

    /// <summary>Stops before a step of its own.</summary>
    public ValueTask PassAsync(string step)
    {
        lock (_lock)
        {
            _changed();
            _waitsFor = null;
            if (_isFree)
            {
                return ValueTask.CompletedTask;
            }

            if (_parked is not null)
            {
                throw new InvalidOperationException($"{Name} stands before {At} and before {step} at once: it is not one flow.");
            }

            At = step;
            _parked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return new ValueTask(_parked.Task);
        }
    }

    /// <summary>It goes on by itself when this is over, which another brings about.</summary>
    public void WaitsFor(Task task)
    {
        lock (_lock)
        {
            _changed();
            _waitsFor = task;
        }
    }

    /// <summary>Lets it do the step before which it stands.</summary>
    public void Release()
    {
        lock (_lock)
        {
            _changed();
            (_parked ?? throw new InvalidOperationException($"{Name} does not stand before a step.")).SetResult();
            _parked = null;
        }
    }

    /// <summary>It does not stop any more.</summary>
    public void SetFree()
    {
        lock (_lock)
        {
            _isFree = true;
            if (_parked is not null)
            {
                Release();
            }
        }
    }

    private async Task RunAsync()
    {
        try
        {
            ActorGate.Current = this;
            if (After is not null)
            {
                WaitsFor(After);
                await After;
            }

            await PassAsync(Start);
            await body(this);
        }
        catch (Exception error)
        {
            Failure = error;
        }

        lock (_lock)
        {
            _changed();
            _isDone = true;
        }
    }
}
