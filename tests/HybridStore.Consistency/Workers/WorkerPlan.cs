using System.Text.Json;
using HybridStore.Consistency.History;

namespace HybridStore.Consistency.Workers;

/// <summary>What a worker is told by the run that starts it, in a file.</summary>
internal sealed record WorkerPlan
{
    public required Protocol Protocol { get; init; }

    /// <summary>Its place, from 1 on.</summary>
    public required int Slot { get; init; }

    /// <summary>Which of the processes that have had this place, from 0 on.</summary>
    public required int Life { get; init; }

    public required int Seed { get; init; }

    public required int Sessions { get; init; }

    public required int Keys { get; init; }

    public required string Postgres { get; init; }

    public required string Redis { get; init; }

    public required string Prefix { get; init; }

    /// <summary>Where its history goes.</summary>
    public required string HistoryFile { get; init; }

    /// <summary>Where workers leave tokens for each other.</summary>
    public required string TokenFolder { get; init; }

    /// <summary>Whether it is the one that looks at what is left when all others have ended.</summary>
    public bool IsLast { get; init; }

    /// <summary>Who it is in histories.</summary>
    public int Process => Disturbance.ProcessOf(Slot, Life);

    public void Save(string path) => File.WriteAllText(path, JsonSerializer.Serialize(this));

    public static WorkerPlan Load(string path) => JsonSerializer.Deserialize<WorkerPlan>(File.ReadAllText(path))
        ?? throw new InvalidDataException("The plan of a worker is empty.");
}
