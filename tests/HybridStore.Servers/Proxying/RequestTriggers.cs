namespace HybridStore.Servers.Proxying;

/// <summary>The armed triggers of one proxy.</summary>
internal sealed class RequestTriggers
{
    private readonly Lock _gate = new();
    private readonly List<RequestTrigger> _claimed = [];
    private RequestTrigger[] _armed = [];

    public RequestTrigger Arm(ReadOnlyMemory<byte> marker, TriggerAction action)
    {
        if (marker.Length is 0 or > RequestScanner.LongestMarker)
        {
            throw new ArgumentException(
                $"marker has {marker.Length} bytes; give 1 to {RequestScanner.LongestMarker} bytes of the request.", nameof(marker));
        }

        var trigger = new RequestTrigger(marker.ToArray(), action);
        lock (_gate)
        {
            _armed = [.. _armed, trigger];
        }

        return trigger;
    }

    /// <summary>The armed triggers now, without a lock: looked at for every chunk.</summary>
    public ReadOnlySpan<RequestTrigger> Armed => Volatile.Read(ref _armed);

    /// <summary>Takes a trigger for one connection; each goes off once.</summary>
    public bool TryClaim(RequestTrigger trigger)
    {
        lock (_gate)
        {
            if (!_armed.Contains(trigger))
            {
                return false;
            }

            _armed = [.. _armed.Where(other => other != trigger)];
            _claimed.Add(trigger);
            return true;
        }
    }

    public void Disarm()
    {
        RequestTrigger[] triggers;
        lock (_gate)
        {
            triggers = [.. _armed, .. _claimed];
            _armed = [];
            _claimed.Clear();
        }

        foreach (var trigger in triggers)
        {
            trigger.Cancel();
        }
    }
}
