using System.Buffers;

namespace HybridStore;

/// <summary>
/// Turns values into an entry's payload and back. The default is <see cref="JsonHybridStoreSerializer"/>; a serializer that is
/// registered for one type as Microsoft's <c>IHybridCacheSerializer&lt;T&gt;</c> takes precedence for that type.
/// </summary>
/// <remarks>
/// <para>
/// One instance serves all threads at once, so it has to be thread-safe. <see langword="null"/> never reaches it: an entry
/// stands for <see langword="null"/> by a flag of its own.
/// </para>
/// <para>
/// Both methods may throw, and a read or write of the application never fails for it. A value that cannot be serialized is
/// returned to the caller, logged, counted and not cached. A payload that cannot be deserialized is a miss: it is counted, and
/// the value is loaded from PostgreSQL.
/// </para>
/// <para>
/// A change of the format has to come with another schema version of the entries, as a change of the values' shape has.
/// </para>
/// </remarks>
public interface IHybridStoreSerializer
{
    /// <summary>Writes a value's payload.</summary>
    /// <typeparam name="T">The type that the caller reads and writes.</typeparam>
    /// <param name="value">The value, never <see langword="null"/>.</param>
    /// <param name="target">
    /// Where the payload goes; it must not be used after this call has returned. It throws once the payload is larger than an
    /// entry may be: let that exception pass.
    /// </param>
    void Serialize<T>(T value, IBufferWriter<byte> target);

    /// <summary>Reads a payload, all of it: bytes behind the value mean that the payload is not this serializer's.</summary>
    /// <typeparam name="T">The type that the caller reads and writes.</typeparam>
    /// <param name="source">
    /// The payload. The bytes come from Redis and are to be trusted no more than a request's body; they live in a recycled
    /// buffer, so the value must not refer to them.
    /// </param>
    /// <returns>The value, never <see langword="null"/>.</returns>
    T Deserialize<T>(ReadOnlySequence<byte> source);
}
