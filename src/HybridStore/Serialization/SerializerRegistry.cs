using Microsoft.Extensions.Caching.Hybrid;
using Microsoft.Extensions.DependencyInjection;

namespace HybridStore.Serialization;

/// <summary>
/// Chooses the serializer of each type once: an <see cref="IHybridCacheSerializer{T}"/> of the application, then its
/// <see cref="IHybridCacheSerializerFactory"/>s (the last registered is asked first, as HybridCache does), then the store's.
/// </summary>
internal sealed class SerializerRegistry(IHybridStoreSerializer storeSerializer, IServiceProvider? services = null)
{
    // AddHybridCache registers serializers of its own that take every type. They are that cache's fallback and not a choice
    // of the application: with them, adding HybridCache to a program would change the payloads here.
    private const string HybridCacheAssembly = "Microsoft.Extensions.Caching.Hybrid";

    private readonly PerTypeCache _serializers = new();

    /// <summary>The serializer of a type.</summary>
    /// <exception cref="NotSupportedException">
    /// Values of this type do not survive a round trip; the message names the type and the remedy. An argument exception would
    /// be wrong: the type argument is fixed where the call is written, and no other argument makes the call valid.
    /// </exception>
    public PayloadSerializer<T> For<T>()
    {
        PayloadSerializer<T> serializer = _serializers.Find<T, PayloadSerializer<T>>()
            ?? _serializers.Add<T, PayloadSerializer<T>>(Choose<T>());
        return serializer is RefusedPayloadSerializer<T> refused ? throw refused.CreateException() : serializer;
    }

    private PayloadSerializer<T> Choose<T>()
    {
        try
        {
            RoundTripGuard.Check(typeof(T));
            if (FindRegistered<T>() is { } registered)
            {
                return new RegisteredPayloadSerializer<T>(registered);
            }

            if (storeSerializer is JsonHybridStoreSerializer json)
            {
                json.GetTypeInfo<T>();
            }

            return new StorePayloadSerializer<T>(storeSerializer);
        }
        catch (NotSupportedException refusal)
        {
            return new RefusedPayloadSerializer<T>(refusal.Message);
        }
    }

    private IHybridCacheSerializer<T>? FindRegistered<T>()
    {
        if (services is null)
        {
            return null;
        }

        foreach (IHybridCacheSerializer<T> serializer in services.GetServices<IHybridCacheSerializer<T>>().Reverse())
        {
            if (IsOfApplication(serializer))
            {
                return serializer;
            }
        }

        foreach (IHybridCacheSerializerFactory factory in services.GetServices<IHybridCacheSerializerFactory>().Reverse())
        {
            if (IsOfApplication(factory) && factory.TryCreateSerializer(out IHybridCacheSerializer<T>? serializer))
            {
                return serializer;
            }
        }

        return null;
    }

    private static bool IsOfApplication(object registered) =>
        registered.GetType().Assembly.GetName().Name != HybridCacheAssembly;
}
