using Microsoft.Extensions.Options;

namespace HybridStore.Realtime.Registration;

/// <summary>Says at start-up what is wrong with the settings of a service, all of it at once, and what to set instead.</summary>
internal sealed class RealtimeOptionsValidator<TOptions> : IValidateOptions<TOptions>
    where TOptions : RealtimeServiceOptions
{
    public ValidateOptionsResult Validate(string? name, TOptions options)
    {
        var errors = options.AllErrors().Select(error => $"HybridStore {options.ServiceName}: {error}").ToList();
        return errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);
    }
}
