using System.Collections;
using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Collections.ObjectModel;
using System.Data.Common;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using HybridStore.Serialization;

namespace HybridStore.Tests.Serialization;

public class RoundTripGuardTests
{
    public static TheoryData<Type, string> NeverStorable => new()
    {
        { typeof(Stream), "byte[]" },
        { typeof(MemoryStream), "byte[]" },
        { typeof(List<FileStream>), "byte[]" },
        { typeof(IAsyncEnumerable<int>), "ToListAsync" },
        { typeof(IAsyncEnumerator<int>), "cache a list" },
        { typeof(IQueryable<Order>), "ToListAsync" },
        { typeof(EnumerableQuery<Order>), "ToListAsync" },
        { typeof(Task), "await" },
        { typeof(Task<Order>), "await" },
        { typeof(ValueTask), "await" },
        { typeof(ValueTask<Order>), "await" },
        { typeof(ValueTask<Order>?), "await" },
        { typeof(JsonDocument), "JsonElement" },
        { typeof(Dictionary<string, JsonDocument[]>), "JsonElement" },
        { typeof(Func<int>), "data" },
        { typeof(Action), "data" },
        { typeof(DbDataReader), "map its rows" },
        { typeof(Npgsql.NpgsqlDataReader), "map its rows" },
        { typeof(IEnumerator), "cache a list" },
        { typeof(IEnumerator<int>), "cache a list" },
        { typeof(int*[]), "points to" },
    };

    public static TheoryData<Type, string> ChangedByJson => new()
    {
        { typeof((int, string)), "IncludeFields" },
        { typeof((int, string)?), "IncludeFields" },
        { typeof((int, string)[]), "IncludeFields" },
        { typeof(List<KeyValuePair<string, (int X, int Y)>>), "IncludeFields" },
        { typeof(Dictionary<string, (int, int)>), "IncludeFields" },
        { typeof(Dictionary<(int, int), string>), "IncludeFields" },
        { typeof(ImmutableArray<(int, int)>), "IncludeFields" },
        { typeof(HasTuple), "IncludeFields" },
        { typeof(FieldsOnly), "properties" },
        { typeof(StreamHolder), "byte[]" },
        { typeof(object), "JsonElement" },
        { typeof(object[]), "JsonElement" },
        { typeof(Dictionary<string, object?>), "JsonElement" },
        { typeof(ArrayList), "JsonElement" },
        { typeof(HasObject), "JsonElement" },
        { typeof(nint), "long" },
        { typeof(nuint), "ulong" },
        { typeof(Type), "names" },
        { typeof(Lazy<int>), "value itself" },
        { typeof(Stack<int>), "List<T>" },
        { typeof(ConcurrentStack<int>), "List<T>" },
        { typeof(ImmutableStack<int>), "List<T>" },
        { typeof(int[,]), "array of arrays" },
        { typeof(IAnimal), "[JsonDerivedType]" },
        { typeof(List<AnimalBase>), "[JsonDerivedType]" },
        { typeof(Shape), "IncludeFields" },
        { typeof(ConcurrentBag<int>), "List<T>" },
        { typeof(TwoConstructors), "[JsonConstructor]" },
        { typeof(ReadOnlyCollection<int>), "List<T>" },
        { typeof(UnmarkedStruct), "[JsonConstructor]" },
        { typeof(PrivateSetter), "[JsonInclude]" },
        { typeof(GetOnlyList), "Populate" },
        { typeof(StreamComputer), "[JsonIgnore]" },
    };

    public static TheoryData<Type> Fine =>
    [
        typeof(int), typeof(int?), typeof(string), typeof(byte[]), typeof(Guid), typeof(DateTimeOffset), typeof(DayOfWeek),
        typeof(Order), typeof(IReadOnlyList<Order>), typeof(IEnumerable<Order>), typeof(Dictionary<string, List<int[]>>),
        typeof(ImmutableDictionary<int, string>), typeof(JsonElement), typeof(JsonNode), typeof(Tuple<int, string>),
        typeof(KeyValuePair<int, string>), typeof(Uri), typeof(Version), typeof(Recursive), typeof(IgnoresAndConverts),
        typeof(Empty), typeof(Vehicle), typeof(Memory<byte>), typeof(Queue<int>), typeof(PositionalRecord),
        typeof(IReadOnlyDictionary<string, Order>), typeof(ISet<int>), typeof(HashSet<Guid>),
        typeof(ConcurrentDictionary<string, int>), typeof(FrozenRecordStruct), typeof(Computes), typeof(MarkedStruct), typeof(PopulatedList), typeof(byte[][]),
    ];

    [Theory]
    [MemberData(nameof(NeverStorable))]
    [MemberData(nameof(ChangedByJson))]
    public void Refuses_at_first_use_with_type_and_remedy(Type type, string remedy)
    {
        var refusal = Assert.Throws<NotSupportedException>(() => CheckWithJson(type));
        Assert.Contains($"'{type}'", refusal.Message, StringComparison.Ordinal);
        Assert.Contains(remedy, refusal.Message[refusal.Message.IndexOf("Remedy:", StringComparison.Ordinal)..], StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(NeverStorable))]
    public void What_is_no_data_is_refused_for_every_serializer(Type type, string remedy)
    {
        var refusal = Assert.Throws<NotSupportedException>(() => RoundTripGuard.Check(type));
        Assert.Contains(remedy, refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Fine))]
    public void Accepts_what_survives(Type type)
    {
        CheckWithJson(type);
        Assert.Same(type, JsonRoundTripGuard.Check(type, JsonSerializerOptions.Default).Type);
    }

    [Fact]
    public void Names_the_member()
    {
        var refusal = Assert.Throws<NotSupportedException>(() => CheckWithJson(typeof(List<HasTuple>)));
        Assert.Contains("'[].Inner.Size'", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Tuples_and_fields_are_fine_once_fields_are_included()
    {
        var options = new JsonSerializerOptions { IncludeFields = true };
        foreach (Type type in new[] { typeof((int, string)), typeof(HasTuple), typeof(FieldsOnly) })
        {
            options.MakeReadOnly(populateMissingResolver: true);
            Assert.Same(type, JsonRoundTripGuard.Check(type, options).Type);
        }

        Assert.Throws<NotSupportedException>(() => JsonRoundTripGuard.Check(typeof((int, Stream)), options));
        Assert.Throws<NotSupportedException>(() => JsonRoundTripGuard.Check(typeof((int, object)), options));
    }

    [Fact]
    public void A_converter_of_the_application_answers_for_its_type()
    {
        var options = new JsonSerializerOptions { Converters = { new ObjectConverter(), new TupleConverter() } };
        options.MakeReadOnly(populateMissingResolver: true);
        JsonRoundTripGuard.Check(typeof(Dictionary<string, object>), options);
        Assert.NotNull(JsonRoundTripGuard.Check(typeof(List<(int, int)>), options));
    }

    [Fact]
    public void What_is_called_changed_does_come_back_changed()
    {
        // The guard's claims about System.Text.Json, held against it: a release that mends one of them shows up here.
        Assert.Equal("{}", JsonSerializer.Serialize((1, 2)));
        Assert.IsType<JsonElement>(JsonSerializer.Deserialize<object>("1"));
        var stack = new Stack<int>([1, 2, 3]);
        Assert.Equal(stack.Reverse(), JsonSerializer.Deserialize<Stack<int>>(JsonSerializer.Serialize(stack))!);
        Assert.Equal("1 2 3", string.Join(' ', JsonSerializer.Deserialize<ImmutableStack<int>>("[3,2,1]")!));
        Assert.Throws<NotSupportedException>(() => JsonSerializer.Deserialize<ConcurrentBag<int>>("[]"));
        Assert.Throws<NotSupportedException>(() => JsonSerializer.Deserialize<TwoConstructors>("{}"));
        Assert.Throws<NotSupportedException>(() => JsonSerializer.Serialize(new int[1, 1]));
        Assert.Equal(0, JsonSerializer.Deserialize<UnmarkedStruct>("""{"Amount":5}""").Amount);
        Assert.Equal(5, JsonSerializer.Deserialize<MarkedStruct>("""{"Amount":5}""").Amount);
        Assert.Null(JsonSerializer.Deserialize<PrivateSetter>("""{"Name":"a"}""")!.Name);
        Assert.Empty(JsonSerializer.Deserialize<GetOnlyList>("""{"Items":[1]}""")!.Items);
        Assert.Equal([1], JsonSerializer.Deserialize<PopulatedList>("""{"Items":[1]}""")!.Items);
        Assert.Throws<NotSupportedException>(() => JsonSerializer.Deserialize<IAnimal>("{}"));
    }

    private static void CheckWithJson(Type type)
    {
        RoundTripGuard.Check(type);
        JsonRoundTripGuard.Check(type, JsonSerializerOptions.Default);
    }

    public interface IAnimal
    {
        string Name { get; }
    }

    public abstract class AnimalBase
    {
        public string? Name { get; set; }
    }

    [JsonDerivedType(typeof(Car), "car")]
    public abstract class Vehicle
    {
        public int Wheels { get; set; }
    }

    public sealed class Car : Vehicle;

    [JsonDerivedType(typeof(Circle), "circle")]
    public abstract class Shape;

    public sealed class Circle : Shape
    {
        public (int X, int Y) Centre { get; set; }
    }

    public sealed class Empty;

    public sealed record PositionalRecord(int Id, string? Name);

    public readonly record struct FrozenRecordStruct(int Id, string? Name);

    public readonly struct UnmarkedStruct(decimal amount)
    {
        public decimal Amount { get; } = amount;
    }

    [method: JsonConstructor]
    public readonly struct MarkedStruct(decimal amount)
    {
        public decimal Amount { get; } = amount;
    }

    public sealed class PrivateSetter
    {
        public int Id { get; set; }

        public string? Name { get; private set; }

        public void Rename(string name) => Name = name;
    }

    public sealed class GetOnlyList
    {
        public int Id { get; set; }

        public List<int> Items { get; } = [];
    }

    public sealed class PopulatedList
    {
        [JsonObjectCreationHandling(JsonObjectCreationHandling.Populate)]
        public List<int> Items { get; } = [];
    }

    public sealed class StreamComputer
    {
        public byte[]? Bytes { get; set; }

        public Stream Content => new MemoryStream(Bytes ?? []);
    }

    /// <summary>What is computed is written for nothing, but nothing of the value is lost.</summary>
    public sealed class Computes
    {
        public int Id { get; set; }

        public string Kind { get; } = "constant";

        public (int, int) Pair => (Id, Id);

        public object Key => Id;

        public ReadOnlyCollection<int> Ids => new([Id]);
    }

    public sealed class TwoConstructors
    {
        public TwoConstructors(int id) => Id = id;

        public TwoConstructors(int id, string name) => (Id, Name) = (id, name);

        public int Id { get; }

        public string? Name { get; }
    }

    internal struct FieldsOnly
    {
        public int X = 1;

        public FieldsOnly()
        {
        }
    }

    public sealed class HasTuple
    {
        public Middle? Inner { get; set; }
    }

    public sealed class Middle
    {
        public HasTuple? Back { get; set; }

        public (int Width, int Height) Size { get; set; }
    }

    public sealed class StreamHolder
    {
        public Stream? Content { get; set; }
    }

    public sealed class HasObject
    {
        public object? Anything { get; set; }
    }

    public sealed class Recursive
    {
        public List<Recursive>? Children { get; set; }

        public Dictionary<string, Recursive>? ByName { get; set; }
    }

    public sealed class IgnoresAndConverts
    {
        [JsonIgnore]
        public Stream? Content { get; set; }

        [JsonConverter(typeof(ObjectConverter))]
        public object? Converted { get; set; }

        [JsonExtensionData]
        public Dictionary<string, object>? Rest { get; set; }

        private (int, int) Hidden { get; set; }
    }

    public sealed class ObjectConverter : JsonConverter<object>
    {
        public override object Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => reader.GetString()!;

        public override void Write(Utf8JsonWriter writer, object value, JsonSerializerOptions options) =>
            writer.WriteStringValue(value.ToString());
    }

    private sealed class TupleConverter : JsonConverter<(int, int)>
    {
        public override (int, int) Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => (reader.GetInt32(), 0);

        public override void Write(Utf8JsonWriter writer, (int, int) value, JsonSerializerOptions options) =>
            writer.WriteNumberValue(value.Item1);
    }
}
