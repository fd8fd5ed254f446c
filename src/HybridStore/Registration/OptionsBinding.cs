using System.Reflection;
using Microsoft.Extensions.Configuration;

namespace HybridStore.Registration;

/// <summary>
/// Binds configuration to options setting by setting. Bound as a whole it would stop at the first wrong value, with a message that
/// quotes the value and names no remedy, and what is wrong inside a policy it would pass over in silence. So all that is wrong is
/// kept for the validator, which tells it at once.
/// </summary>
internal static class OptionsBinding
{
    public static void Bind(IConfiguration configuration, HybridStoreOptions options)
    {
        foreach (var setting in configuration.AsEnumerable(makePathsRelative: true))
        {
            // A section has no value of its own; a setting without one keeps its default.
            if (setting.Value is null)
            {
                continue;
            }

            try
            {
                new ConfigurationBuilder().AddInMemoryCollection([setting]).Build().Bind(
                    options, static binder => binder.ErrorOnUnknownConfiguration = true);
            }
            catch (Exception error) when (error is InvalidOperationException or TargetInvocationException)
            {
                options.BindingErrors.Add($"{setting.Key}: {RuleOf(error) ?? Expected(setting.Key)}");
            }
        }
    }

    /// <summary>What a property said that did not take its value, without what .NET appends about parameter and value; null where
    /// the text could not be made a value at all.</summary>
    private static string? RuleOf(Exception error)
    {
        for (var cause = error; cause is not null; cause = cause.InnerException)
        {
            if (cause is ArgumentOutOfRangeException refusal)
            {
                return refusal.Message.Split(" (Parameter", 2)[0];
            }
        }

        return null;
    }

    private static string Expected(string path)
    {
        var type = TypeOf(path);
        return type switch
        {
            _ when type == typeof(TimeSpan) => "not a time span. Write it as hours:minutes:seconds, such as 00:00:30.",
            _ when type == typeof(int) => "not a whole number, such as 16.",
            _ when type == typeof(double) => "not a number, such as 0.5.",
            _ when type == typeof(bool) => "neither true nor false.",
            { IsEnum: true } => $"not a {type.Name}. Set it to one of {string.Join(", ", Enum.GetNames(type))}.",
            _ => "there is no such setting. HybridStoreOptions and EntryOptions have those that there are.",
        };
    }

    /// <summary>The type of the setting at a path such as <c>Policies:price:Beta</c>.</summary>
    private static Type? TypeOf(string path)
    {
        Type? type = typeof(HybridStoreOptions);
        foreach (var name in path.Split(ConfigurationPath.KeyDelimiter))
        {
            type = type == typeof(IDictionary<string, EntryOptions>)
                ? typeof(EntryOptions)
                : type?.GetProperty(name, BindingFlags.Instance | BindingFlags.Public | BindingFlags.IgnoreCase)?.PropertyType;
        }

        return type is null ? null : Nullable.GetUnderlyingType(type) ?? type;
    }
}
