using HybridStore.Consistency.Checking;
using HybridStore.Consistency.History;

namespace HybridStore.Consistency.Running;

/// <summary>What a run has come to.</summary>
internal sealed record RunResult(SoakHistory History, Verdict Verdict, int Kills, int Faults, long StartedAt);
