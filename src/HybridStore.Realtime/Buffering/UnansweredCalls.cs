using Npgsql;

namespace HybridStore.Realtime.Buffering;

/// <summary>Does with calls that were not answered what the application has chosen for while Redis is down: repeats them, which Redis notices;
/// writes them into PostgreSQL, where the workers notice should Redis have taken them; or gives up.</summary>
internal sealed class UnansweredCalls(
    BufferOverflow choice, TimeSpan blockTimeout, Func<int, byte[], Task> writePastRedis, TimeProvider timeProvider) : IUnansweredCalls
{
    public async Task<AppendOutcome> ResolveAsync(
        int partition, byte[] entry, long waitingSince, Exception error, Func<Task<AppendAnswer>> send)
    {
        switch (choice)
        {
            case BufferOverflow.WriteThrough:
                try
                {
                    await writePastRedis(partition, entry).ConfigureAwait(false);
                    return new AppendOutcome(AppendVerdict.Taken);
                }
                catch (NpgsqlException alsoAway)
                {
                    return new AppendOutcome(AppendVerdict.Unknown, new AggregateException(error, alsoAway));
                }

            case BufferOverflow.Block:
                return await RepeatAsync(waitingSince, error, send).ConfigureAwait(false);

            default:
                return new AppendOutcome(AppendVerdict.Unknown, error);
        }
    }

    private async Task<AppendOutcome> RepeatAsync(long waitingSince, Exception error, Func<Task<AppendAnswer>> send)
    {
        var pauses = new BlockPauses(blockTimeout, waitingSince, timeProvider);
        while (await pauses.WaitAsync(CancellationToken.None).ConfigureAwait(false))
        {
            var answer = await send().ConfigureAwait(false);
            if (answer.Kind == AppendAnswerKind.Taken)
            {
                return new AppendOutcome(AppendVerdict.Taken);
            }

            // Without room it goes on as well: an earlier copy of the call may still be on its way, and find some.
            error = answer.Error ?? error;
        }

        return new AppendOutcome(AppendVerdict.Unknown, error);
    }
}
