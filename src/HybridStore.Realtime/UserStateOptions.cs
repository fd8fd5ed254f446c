using System.Text.Json;

namespace HybridStore.Realtime;

/// <summary>The settings of user state. Not thread-safe; read once.</summary>
public sealed class UserStateOptions : RealtimeServiceOptions
{
    private const int LargestValue = 1024 * 1024;

    /// <summary>The largest value of a field as JSON, in bytes: 1 to 1,048,576. Default: 65,536.</summary>
    public int MaximumValueBytes { get; set; } = 64 * 1024;

    /// <summary>How values are written and read. Default: <see langword="null"/>, <see cref="JsonSerializerOptions.Default"/>.</summary>
    public JsonSerializerOptions? SerializerOptions { get; set; }

    internal override string ServiceName => "user state";

    internal override IEnumerable<string> Errors()
    {
        if (MaximumValueBytes is < 1 or > LargestValue)
        {
            yield return "MaximumValueBytes must be from 1 to 1,048,576; the default is 65,536.";
        }
    }
}
