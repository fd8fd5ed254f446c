namespace HybridStore;

/// <summary>Who loads a value again that is about to expire.</summary>
public enum RefreshMode
{
    /// <summary>Whoever reads it gets the current value at once, and one load runs behind the readers, on a connection of its own and outside
    /// their transactions. Loads that bring their own access to PostgreSQL, such as EF Core's, must not run behind their caller and are not
    /// refreshed. The default.</summary>
    Background,

    /// <summary>The reader who comes upon it loads it himself, waits for that, and gets the new value; all others get the current one
    /// meanwhile. So does he if another process is loading it, if the load fails (which is logged), or if he reads in an ambient
    /// transaction, whose rows are not for others. His own cancellation ends the load, and so does the time that
    /// <see cref="EntryOptions.SoftLoadTimeout"/> or <see cref="EntryOptions.HardLoadTimeout"/> gives it. Loads of any kind are refreshed so, EF
    /// Core's too. Batch reads do not refresh in this mode.</summary>
    Inline,
}
