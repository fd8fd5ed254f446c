using System.Globalization;

namespace HybridStore.Realtime;

/// <summary>A session would have become larger than <see cref="SessionStoreOptions.MaximumSize"/>. It was not changed.</summary>
public sealed class SessionTooLargeException : Exception
{
    internal SessionTooLargeException(long size, int maximumSize)
        : base(string.Create(
            CultureInfo.InvariantCulture,
            $"The names and values of the session would have {size:N0} bytes, and MaximumSize allows {maximumSize:N0}: keep less in it, a key of what is elsewhere for example, or raise MaximumSize."))
    {
        (Size, MaximumSize) = (size, maximumSize);
    }

    /// <summary>The bytes that its names and values would have had.</summary>
    public long Size { get; }

    /// <summary>How many are allowed.</summary>
    public int MaximumSize { get; }
}
