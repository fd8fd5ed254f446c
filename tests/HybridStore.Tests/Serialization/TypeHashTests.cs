using System.IO.Hashing;
using System.Text;
using HybridStore.Serialization;

namespace HybridStore.Tests.Serialization;

public class TypeHashTests
{
    // Pinned: other numbers would turn every entry in Redis into a miss on the next deployment.
    [Fact]
    public void Numbers_are_stable()
    {
        Assert.Equal(0xF86F_C3E9u, TypeHash<int>.Value);
        Assert.Equal(0xB7FD_B9C5u, TypeHash<string>.Value);
        Assert.Equal(0xD6A7_1057u, TypeHash<IReadOnlyList<string>>.Value);
    }

    [Fact]
    public void It_is_the_XxHash32_of_the_type_name_without_assembly() => Assert.Equal(
        XxHash32.HashToUInt32(Encoding.UTF8.GetBytes("System.Collections.Generic.List`1[System.Nullable`1[System.Int32]]")),
        TypeHash<List<int?>>.Value);

    [Fact]
    public void A_nullable_struct_counts_as_the_struct() => Assert.Equal(TypeHash<int>.Value, TypeHash<int?>.Value);

    [Fact]
    public void Different_types_differ() =>
        Assert.Distinct([TypeHash<int>.Value, TypeHash<long>.Value, TypeHash<List<int>>.Value, TypeHash<int[]>.Value]);
}
