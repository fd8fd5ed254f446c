using HybridStore.Tests.Model.Searching;

namespace HybridStore.Tests.Model.Holes;

internal enum CacheRead : byte
{
    NotSent,
    Sent,
    Answered,
    Received,
}

/// <param name="HasCommitted">x.</param>
/// <param name="Entry">What Redis holds.</param>
/// <param name="First">The read that was sent first.</param>
/// <param name="FirstAnswer">Its answer.</param>
/// <param name="SecondCame">Whether the second reader is there.</param>
/// <param name="SecondCameAfter">It came after the invalidation.</param>
/// <param name="SecondGot">What it was given.</param>
internal readonly record struct SharedCacheReadState(
    bool HasCommitted, Content Entry, CacheRead First, Content FirstAnswer, bool SecondCame, bool SecondCameAfter, Content? SecondGot);

/// <summary>Rule 8: a reader joins a cache read that was sent before it came.</summary>
internal sealed class SharedCacheReadModel(ProtocolRules rules) : Hole<SharedCacheReadState>(rules)
{
    public override SharedCacheReadState Initial => new() { Entry = Content.Old };

    public override void AddSteps(in SharedCacheReadState s, List<Step<SharedCacheReadState>> steps)
    {
        if (!s.HasCommitted)
        {
            steps.Add(To("commit x", s with { HasCommitted = true }));
        }
        else if (s.Entry == Content.Old)
        {
            steps.Add(To("invalidate x", s with { Entry = Content.Nothing }));
        }

        switch (s.First)
        {
            case CacheRead.NotSent:
                steps.Add(To("first reader sends GET", s with { First = CacheRead.Sent }));
                break;
            case CacheRead.Sent:
                steps.Add(To("Redis answers", s with { First = CacheRead.Answered, FirstAnswer = s.Entry }));
                break;
            case CacheRead.Answered:
                // Who shares the read gets its answer with it.
                bool isShared = s.SecondCame && !Rules.CacheReadsBeginAfterTheirReaders;
                steps.Add(To("the answer arrives", s with
                {
                    First = CacheRead.Received,
                    SecondGot = isShared ? s.FirstAnswer : s.SecondGot,
                }));
                break;
        }

        if (!s.SecondCame && s.First is CacheRead.Sent or CacheRead.Answered)
        {
            steps.Add(To("second reader comes", s with { SecondCame = true, SecondCameAfter = s.Entry == Content.Nothing }));
        }

        if (s.SecondCame && s.SecondGot is null && Rules.CacheReadsBeginAfterTheirReaders)
        {
            steps.Add(To("Redis answers the second reader's own GET", s with { SecondGot = s.Entry }));
        }
    }

    public override string? Violation(in SharedCacheReadState s) =>
        s.SecondCameAfter && s.SecondGot == Content.Old ? "reader that came after the invalidation got the old value" : null;
}
