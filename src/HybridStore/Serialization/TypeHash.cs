using System.IO.Hashing;
using System.Text;

namespace HybridStore.Serialization;

/// <summary>
/// A short hash of a value type, so that two call sites which use one key for two types get misses and not each other's
/// values. It is the XxHash32 of <see cref="Type.ToString"/>, which names no assembly: moving a type to another assembly, or
/// another version of it, keeps the cache. <c>T?</c> of a struct counts as <c>T</c>, as it does for classes.
/// </summary>
internal static class TypeHash<T>
{
    public static readonly uint Value = TypeHash.Of(typeof(T));
}

/// <summary>The hash itself, for a type known only at run time.</summary>
internal static class TypeHash
{
    public static uint Of(Type type) =>
        XxHash32.HashToUInt32(Encoding.UTF8.GetBytes((Nullable.GetUnderlyingType(type) ?? type).ToString()));
}
