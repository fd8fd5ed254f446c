namespace HybridStore.Realtime;

/// <summary>Fields of a user that are kept, expire and come back together, such as preferences. Immutable; made once, in a static
/// field.</summary>
public sealed class UserStateGroup
{
    private const int LongestName = 64;
    private static readonly TimeSpan ShortestTimeToLive = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestTimeToLive = TimeSpan.FromDays(3650);

    /// <summary>Describes a group.</summary>
    /// <param name="name">1 to 64 ASCII letters, digits, hyphens, underscores and dots, for example <c>preferences</c>. It names what is kept: two
    /// groups of one name are the same.</param>
    /// <param name="timeToLive">How long the group of a user lasts after its last change, give or take a hundredth: 1 second to 3,650 days.
    /// Default: <see langword="null"/>, for ever.</param>
    /// <exception cref="ArgumentException"><paramref name="name"/> is no such name.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="timeToLive"/> is out of range.</exception>
    public UserStateGroup(string name, TimeSpan? timeToLive = null)
    {
        ThrowIfNoName(name, nameof(name));
        if (timeToLive < ShortestTimeToLive || timeToLive > LongestTimeToLive)
        {
            throw new ArgumentOutOfRangeException(
                nameof(timeToLive), timeToLive, "timeToLive must be from 1 second to 3,650 days: leave it out for state that does not expire.");
        }

        (Name, TimeToLive) = (name, timeToLive);
    }

    /// <summary>The group's name.</summary>
    public string Name { get; }

    /// <summary>How long the group of a user lasts after its last change; null for ever.</summary>
    public TimeSpan? TimeToLive { get; }

    /// <summary>Describes a field.</summary>
    /// <typeparam name="T">What it holds: anything that System.Text.Json writes and reads.</typeparam>
    /// <param name="name">As a group's name.</param>
    /// <exception cref="ArgumentException"><paramref name="name"/> is no such name.</exception>
    public UserStateField<T?> Field<T>(string name) => new(this, name, default);

    /// <summary>Describes a field that has a value for users who have none.</summary>
    /// <typeparam name="T">What it holds: anything that System.Text.Json writes and reads.</typeparam>
    /// <param name="name">As a group's name.</param>
    /// <param name="defaultValue">What is read where nothing was set.</param>
    /// <exception cref="ArgumentException"><paramref name="name"/> is no such name.</exception>
    public UserStateField<T> Field<T>(string name, T defaultValue) => new(this, name, defaultValue);

    internal static void ThrowIfNoName(string name, string parameter)
    {
        ArgumentNullException.ThrowIfNull(name, parameter);
        if (name.Length is 0 or > LongestName || name.Any(c => !char.IsAsciiLetterOrDigit(c) && c is not ('-' or '_' or '.')))
        {
            throw new ArgumentException(
                $"{parameter} must have 1 to {LongestName} ASCII letters, digits, hyphens, underscores and dots: use one such as \"preferences\".",
                parameter);
        }
    }
}
