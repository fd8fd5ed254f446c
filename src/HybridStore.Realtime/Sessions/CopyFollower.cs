using HybridStore.Realtime.Diagnostics;
using Microsoft.Extensions.Logging;

namespace HybridStore.Realtime.Sessions;

/// <summary>Tells the copy what Redis has done. Sessions go on while PostgreSQL is away.</summary>
internal sealed class CopyFollower(SessionCopy copy, SessionMetrics metrics, ILogger logger)
{
    /// <summary>Tells the copy of a change. Where that fails the next change tells it this one as well.</summary>
    public async Task<Followed> SaveAsync(SessionState state, CancellationToken cancellationToken)
    {
        try
        {
            if (await copy.SaveAsync(state, isAhead: false, cancellationToken).ConfigureAwait(false) is not null
                || await copy.StandingAsync(state.Handle, cancellationToken).ConfigureAwait(false) is not { } standing)
            {
                return Followed.Done;
            }

            // By the step and not by whether Redis has heard of it: it may hear of it between the two statements.
            return standing.IsRevoked ? Followed.Revoked
                : standing.Version / SessionCopyRules.VersionStep > state.Version / SessionCopyRules.VersionStep ? Followed.Overtaken
                : Followed.Done;
        }
        catch (SessionStoreUnavailableException error)
        {
            Failed(error);
            return Followed.Done;
        }
    }

    /// <summary>Tells the copy that Redis has heard of a revocation. Where that fails whoever catches up next does so.</summary>
    public async Task SettleRevokedAsync(string handle, CancellationToken cancellationToken)
    {
        try
        {
            await copy.SettleRevokedAsync(handle, cancellationToken).ConfigureAwait(false);
        }
        catch (SessionStoreUnavailableException error)
        {
            Failed(error);
        }
    }

    private void Failed(SessionStoreUnavailableException error)
    {
        metrics.CopyFailed();
        SessionLog.CopyFailed(logger, error);
    }
}
