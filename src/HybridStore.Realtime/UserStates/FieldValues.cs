using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text.Json;
using HybridStore.Realtime.Registration;
using Microsoft.Extensions.Logging;

namespace HybridStore.Realtime.UserStates;

/// <summary>Values of fields on their way to Redis and back: JSON. Safe to use from any thread.</summary>
internal sealed partial class FieldValues
{
    private readonly int _largest;
    private readonly JsonSerializerOptions? _json;
    private readonly ILogger _logger;
    private readonly KeyValuePair<string, object?> _store;
    private readonly Counter<long> _undecodable;

    public FieldValues(RealtimeRoot root, UserStateOptions options)
    {
        (_largest, _json, _logger, _store) = (options.MaximumValueBytes, options.SerializerOptions, root.Logger, root.Metrics.Store);
        _undecodable = root.Metrics.Meter.CreateCounter<long>(
            "hybridstore.user_state.undecodable",
            "{value}",
            "Values of user state that were read as their default, because they are not the JSON of the field's type.");
    }

    public static void ThrowIfOfOtherGroup(UserStateField field, UserStateGroup group, string parameter)
    {
        if (!string.Equals(field.Group.Name, group.Name, StringComparison.Ordinal))
        {
            throw new ArgumentException(
                $"The field {field.Name} is of the group {field.Group.Name}, and this is the group {group.Name}: use a field of that group.", parameter);
        }
    }

    /// <exception cref="ArgumentException">It is too large.</exception>
    public byte[] Write<T>(T value, string parameter)
    {
        var json = JsonSerializer.SerializeToUtf8Bytes(value, _json);
        return json.Length <= _largest
            ? json
            : throw new ArgumentException(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"The value has {json.Length:N0} bytes as JSON and may have {_largest:N0}: store less, or raise MaximumValueBytes."),
                parameter);
    }

    /// <summary>What cannot be read is not there: it may have been written by another release, or by somebody else.</summary>
    public T Read<T>(UserStateField<T> field, ReadOnlySpan<byte> json)
    {
        try
        {
            return JsonSerializer.Deserialize<T>(json, _json)!;
        }
        catch (JsonException)
        {
            _undecodable.Add(1, _store);
            Undecodable(_logger, field.Group.Name, field.Name);
            return field.DefaultValue;
        }
    }

    [LoggerMessage(3200, LogLevel.Debug, "The field {Field} of the group {Group} of a user's state cannot be read and counts as not set.")]
    private static partial void Undecodable(ILogger logger, string group, string field);
}
