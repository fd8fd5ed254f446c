namespace HybridStore.Serialization;

/// <summary>What bytes found in Redis turned out to be. Everything but <see cref="Ok"/> is a miss, counted by its name.</summary>
internal enum DecodeOutcome
{
    /// <summary>A readable entry of this type and schema version.</summary>
    Ok,

    /// <summary>No entry that this release could have written, or a payload that does not deserialise.</summary>
    Undecodable,

    /// <summary>An entry of another schema version: another release is at work.</summary>
    OtherSchemaVersion,

    /// <summary>An entry of another value type under the same key (or null where the type has none).</summary>
    OtherType,
}
