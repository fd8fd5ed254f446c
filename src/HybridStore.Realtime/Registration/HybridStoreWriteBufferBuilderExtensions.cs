using HybridStore.Realtime;
using HybridStore.Realtime.Buffering;
using HybridStore.Realtime.Registration;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registers write buffers.</summary>
public static class HybridStoreWriteBufferBuilderExtensions
{
    /// <summary>Adds a buffer for rows of a type: <see cref="IWriteBuffer{T}"/>, which takes them into Redis and has them written into a table
    /// in batches. A type has one buffer; called again with the same name it adds to the settings.</summary>
    /// <typeparam name="T">A row as the application has it.</typeparam>
    /// <param name="builder">The store's builder.</param>
    /// <param name="name">What the buffer is called in Redis and PostgreSQL: 1 to 64 characters, the same in all processes.</param>
    /// <param name="configure">Names the table, maps its columns, and sets the limits.</param>
    /// <exception cref="ArgumentException">The name is that of another type's buffer, or the type has a buffer of another name.</exception>
    public static IHybridStoreBuilder AddWriteBuffer<T>(this IHybridStoreBuilder builder, string name, Action<WriteBufferOptions<T>> configure)
        where T : notnull
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(configure);
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        var key = RealtimeRegistration.AddRoot(builder).Key;
        var others = builder.Services
            .Select(service => service.ServiceType == typeof(BufferRegistration) ? service.ImplementationInstance as BufferRegistration : null)
            .Where(other => other is not null && Equals(other.Key, key));
        foreach (var other in others)
        {
            if ((other!.Name == name) != (other.Row == typeof(T)))
            {
                throw new ArgumentException(
                    $"There is a write buffer {other.Name} for rows of the type {other.Row.Name} already: each type has one buffer, and each buffer one type. "
                    + "Choose another name, or another type.",
                    nameof(name));
            }
        }

        builder.Services.AddSingleton(new BufferRegistration(key, name, typeof(T)));
        RealtimeRegistration.Add<IWriteBuffer<T>, WriteBuffer<T>, WriteBufferOptions<T>>(
            builder,
            options =>
            {
                options.Name = name;
                configure(options);
            },
            static (root, options) => new WriteBuffer<T>(root, options));
        return builder;
    }

    private sealed record BufferRegistration(object? Key, string Name, Type Row);
}
