using HybridStore.Tests.Model.Partitions;
using HybridStore.Tests.Model.Searching;

namespace HybridStore.Tests.Model.Holes;

/// <param name="Cursor">By rank: how many members were kept. By member: the last one visited, counted from 1.</param>
/// <param name="IsDone">It has returned.</param>
internal readonly record struct Sweep(byte Cursor, bool IsDone);

/// <param name="Members">Member 1 reflects the first write only, member 2 the second only.</param>
/// <param name="First">The invalidation for the first write.</param>
/// <param name="Second">The one for the second.</param>
internal readonly record struct ChunkCursorState(XidSet Members, Sweep First, Sweep Second);

/// <summary>Rule 16: two invalidations of one tag, in chunks of one member.</summary>
internal sealed class ChunkCursorModel(ProtocolRules rules) : Hole<ChunkCursorState>(rules)
{
    private static readonly string[] Names = [string.Empty, "a", "b"];

    public override ChunkCursorState Initial => new() { Members = XidSet.Empty.With(1).With(2) };

    public override void AddSteps(in ChunkCursorState s, List<Step<ChunkCursorState>> steps)
    {
        if (!s.First.IsDone)
        {
            (string label, XidSet members, Sweep sweep) = Chunk(s.Members, s.First, write: 1);
            steps.Add(To(label, s with { Members = members, First = sweep }));
        }

        if (!s.Second.IsDone)
        {
            (string label, XidSet members, Sweep sweep) = Chunk(s.Members, s.Second, write: 2);
            steps.Add(To(label, s with { Members = members, Second = sweep }));
        }
    }

    public override string? Violation(in ChunkCursorState s) =>
        s.First.IsDone && s.Members.Contains(2) ? "I1 returned, a member that does not reflect its write is still cached"
        : s.Second.IsDone && s.Members.Contains(1) ? "I2 returned, a member that does not reflect its write is still cached"
        : null;

    private (string Label, XidSet Members, Sweep Sweep) Chunk(XidSet members, Sweep sweep, byte write)
    {
        XidSet rest = members;
        for (int i = 0; i < sweep.Cursor && !rest.IsEmpty; i++)
        {
            // A rank counts those who are still there; a member's place does not depend on the others.
            rest = rest.Without(Rules.CursorIsScoreAndMember ? i + 1 : rest.Smallest);
        }

        if (rest.IsEmpty)
        {
            return ($"I{write} done", members, sweep with { IsDone = true });
        }

        byte member = rest.Smallest;
        bool stays = member == write;
        byte cursor = Rules.CursorIsScoreAndMember ? member : stays ? (byte)(sweep.Cursor + 1) : sweep.Cursor;
        string place = Rules.CursorIsScoreAndMember ? $" after {sweep.Cursor}" : $" chunk@{sweep.Cursor}";
        return (
            $"I{write}{place}: {Names[member]} {(stays ? "kept" : "deleted")}",
            stays ? members : members.Without(member),
            sweep with { Cursor = cursor });
    }
}
