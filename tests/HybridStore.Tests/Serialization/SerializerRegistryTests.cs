using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Reflection.Emit;
using HybridStore.Serialization;
using Microsoft.Extensions.Caching.Hybrid;
using Microsoft.Extensions.DependencyInjection;

namespace HybridStore.Tests.Serialization;

public class SerializerRegistryTests
{
    private static readonly EntryHeaderFields Fields = new(2, 1, default, 0, null);

    [Fact]
    public void A_serializer_of_its_own_serves_a_type()
    {
        using ServiceProvider services = new ServiceCollection()
            .AddSingleton<IHybridCacheSerializer<int>>(new Tagged<int>(1, 77))
            .AddSingleton<IHybridCacheSerializerFactory>(new TaggedFactory(2))
            .BuildServiceProvider();
        var codec = new EntryCodec(new SerializerRegistry(new JsonHybridStoreSerializer(), services));

        using EncodeResult result = codec.Encode(5, Fields, 100);
        Assert.Equal(1, result.Entry.Span[^1]);
        Assert.Equal(DecodeOutcome.Ok, codec.TryDecode(result.Entry, 0, 100, out _, out int value, out _));
        Assert.Equal(77, value);
    }

    [Fact]
    public void The_factory_registered_last_comes_first_and_the_store_serializer_last()
    {
        using ServiceProvider services = new ServiceCollection()
            .AddSingleton<IHybridCacheSerializerFactory>(new TaggedFactory(2))
            .AddSingleton<IHybridCacheSerializerFactory>(new TaggedFactory(3))
            .BuildServiceProvider();
        var codec = new EntryCodec(new SerializerRegistry(new JsonHybridStoreSerializer(), services));

        using EncodeResult number = codec.Encode(5L, Fields, 100);
        using EncodeResult text = codec.Encode("x", Fields, 100);
        Assert.Equal(3, number.Entry.Span[^1]);
        Assert.Equal("\"x\"", System.Text.Encoding.UTF8.GetString(text.Entry.Span[EntryHeader.FixedLength..]));
    }

    [Fact]
    public void The_fallback_serializers_of_HybridCache_itself_are_passed_over()
    {
        TypeBuilder builder = AssemblyBuilder
            .DefineDynamicAssembly(new AssemblyName("Microsoft.Extensions.Caching.Hybrid"), AssemblyBuilderAccess.Run)
            .DefineDynamicModule("module")
            .DefineType("Fallback", TypeAttributes.Public, typeof(TaggedFactory));
        builder.DefineDefaultConstructor(MethodAttributes.Public);
        using ServiceProvider services = new ServiceCollection()
            .AddSingleton(typeof(IHybridCacheSerializerFactory), Activator.CreateInstance(builder.CreateType())!)
            .BuildServiceProvider();

        Assert.IsType<StorePayloadSerializer<long>>(new SerializerRegistry(new JsonHybridStoreSerializer(), services).For<long>());
    }

    [Fact]
    public void A_type_is_looked_up_once_and_each_registry_has_its_own_choice()
    {
        var json = new SerializerRegistry(new JsonHybridStoreSerializer());
        var raw = new SerializerRegistry(new RawBytesSerializer());
        Assert.Same(json.For<byte[]>(), json.For<byte[]>());
        Assert.NotSame(json.For<byte[]>(), raw.For<byte[]>());

        long before = GC.GetAllocatedBytesForCurrentThread();
        json.For<byte[]>();
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void A_type_of_a_custom_serializer_is_refused_only_if_it_is_never_data()
    {
        using ServiceProvider services = new ServiceCollection()
            .AddSingleton<IHybridCacheSerializer<(int, string)>>(new Tagged<(int, string)>(1, (1, "")))
            .AddSingleton<IHybridCacheSerializer<Stream>>(new Tagged<Stream>(1, Stream.Null))
            .BuildServiceProvider();
        var registry = new SerializerRegistry(new JsonHybridStoreSerializer(), services);

        Assert.IsType<RegisteredPayloadSerializer<(int, string)>>(registry.For<(int, string)>());
        Assert.Throws<NotSupportedException>(() => registry.For<Stream>());
        Assert.IsType<StorePayloadSerializer<(int, int)>>(new SerializerRegistry(new RawBytesSerializer()).For<(int, int)>());
        Assert.Throws<NotSupportedException>(() => new SerializerRegistry(new RawBytesSerializer()).For<Task<int>>());
    }

    [Fact]
    public void Encoding_and_decoding_a_refused_type_say_so_every_time()
    {
        var codec = new EntryCodec(new SerializerRegistry(new JsonHybridStoreSerializer()));
        for (int i = 0; i < 2; i++)
        {
            var refusal = Assert.Throws<NotSupportedException>(() => codec.Encode((1, "a"), Fields, 100));
            Assert.Contains("IncludeFields", refusal.Message, StringComparison.Ordinal);
        }

        var entry = new byte[EntryHeader.FixedLength];
        EntryHeader.Write(entry, Fields, TypeHash<(int, string)>.Value, isNull: false, null);
        Assert.Throws<NotSupportedException>(() => codec.TryDecode(entry, 0, 100, out _, out (int, string) _, out _));
    }

    /// <summary>Writes one byte that tells who wrote it, and reads one value whatever was written.</summary>
    public sealed class Tagged<T>(byte tag, T value) : IHybridCacheSerializer<T>
    {
        public T Deserialize(ReadOnlySequence<byte> source) => value;

        void IHybridCacheSerializer<T>.Serialize(T value, IBufferWriter<byte> target) => target.Write([tag]);
    }

    public class TaggedFactory(byte tag) : IHybridCacheSerializerFactory
    {
        public TaggedFactory()
            : this(9)
        {
        }

        public bool TryCreateSerializer<T>([NotNullWhen(true)] out IHybridCacheSerializer<T>? serializer)
        {
            serializer = typeof(T) == typeof(long) ? new Tagged<T>(tag, default!) : null;
            return serializer is not null;
        }
    }
}
