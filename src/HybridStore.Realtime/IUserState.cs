namespace HybridStore.Realtime;

/// <summary>
/// State of users in Redis: preferences, feature flags, device fingerprints. Typed fields in groups; a group of a user is one hash, changed
/// and read at once. Safe to use from any thread.
/// </summary>
/// <remarks>
/// <para>A user's id is a text of 1 to 900 bytes in UTF-8 without control characters; an <see cref="ArgumentException"/> says which rule it
/// breaks.</para>
/// <para>Everything throws <see cref="RealtimeUnavailableException"/> when Redis is away.</para>
/// </remarks>
public interface IUserState
{
    /// <summary>Reads a field.</summary>
    /// <typeparam name="T">What it holds.</typeparam>
    /// <param name="userId">Whose.</param>
    /// <param name="field">The field.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <returns>The value, or the field's <see cref="UserStateField{T}.DefaultValue"/>.</returns>
    Task<T> GetAsync<T>(string userId, UserStateField<T> field, CancellationToken cancellationToken = default);

    /// <summary>Reads all fields of a group, at one moment.</summary>
    /// <param name="userId">Whose.</param>
    /// <param name="group">The group.</param>
    /// <param name="cancellationToken">Cancels.</param>
    Task<UserStateValues> GetAllAsync(string userId, UserStateGroup group, CancellationToken cancellationToken = default);

    /// <summary>Sets a field, and lets its group last its time from now on.</summary>
    /// <typeparam name="T">What it holds.</typeparam>
    /// <param name="userId">Whose.</param>
    /// <param name="field">The field.</param>
    /// <param name="value">The value.</param>
    /// <param name="cancellationToken">Ends the wait, not the change.</param>
    /// <exception cref="ArgumentException">The value is larger than <see cref="UserStateOptions.MaximumValueBytes"/> as JSON.</exception>
    Task SetAsync<T>(string userId, UserStateField<T> field, T value, CancellationToken cancellationToken = default);

    /// <summary>Sets and removes several fields of a group at once: nobody reads some of the changes without the others.</summary>
    /// <param name="userId">Whose.</param>
    /// <param name="group">The group.</param>
    /// <param name="changes">Says what to change.</param>
    /// <param name="cancellationToken">Ends the wait, not the change.</param>
    /// <exception cref="ArgumentException">A value is larger than <see cref="UserStateOptions.MaximumValueBytes"/> as JSON, or a field is of
    /// another group.</exception>
    Task UpdateAsync(string userId, UserStateGroup group, Action<UserStateChanges> changes, CancellationToken cancellationToken = default);

    /// <summary>Adds to a number; one that was never set begins at 0, whatever the field's default.</summary>
    /// <param name="userId">Whose.</param>
    /// <param name="field">The field.</param>
    /// <param name="by">What is added; it may be negative.</param>
    /// <param name="cancellationToken">Ends the wait, not the change.</param>
    /// <returns>The new number.</returns>
    /// <exception cref="InvalidOperationException">The field holds no whole number, or the sum is too large for one; it stays as it
    /// is.</exception>
    Task<long> IncrementAsync(string userId, UserStateField<long> field, long by = 1, CancellationToken cancellationToken = default);

    /// <summary>Removes a field.</summary>
    /// <param name="userId">Whose.</param>
    /// <param name="field">The field.</param>
    /// <param name="cancellationToken">Ends the wait, not the change.</param>
    /// <returns>Whether it was set.</returns>
    Task<bool> RemoveAsync(string userId, UserStateField field, CancellationToken cancellationToken = default);

    /// <summary>Removes all fields of a group.</summary>
    /// <param name="userId">Whose.</param>
    /// <param name="group">The group.</param>
    /// <param name="cancellationToken">Ends the wait, not the change.</param>
    Task DeleteAsync(string userId, UserStateGroup group, CancellationToken cancellationToken = default);
}
