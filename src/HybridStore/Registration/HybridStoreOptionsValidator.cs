using HybridStore.Keys;
using HybridStore.Policies;
using Microsoft.Extensions.Options;
using Npgsql;
using StackExchange.Redis;

namespace HybridStore.Registration;

/// <summary>Says at start-up what is wrong with the settings, all of it at once, and what to set instead.</summary>
internal sealed class HybridStoreOptionsValidator : IValidateOptions<HybridStoreOptions>
{
    private const string ForbiddenInPrefix = "{}*?[]\\^";

    public ValidateOptionsResult Validate(string? name, HybridStoreOptions options)
    {
        var errors = Errors(options)
            .Select(error => $"HybridStore{(string.IsNullOrEmpty(name) ? "" : $" \"{name}\"")}: {error}")
            .ToList();
        return errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);
    }

    private static IEnumerable<string> Errors(HybridStoreOptions options)
    {
        foreach (var error in options.BindingErrors)
        {
            yield return error;
        }

        if (!Enum.IsDefined(options.Mode))
        {
            yield return "Mode must be Cached or PassThrough.";
        }

        if (!Enum.IsDefined(options.OnFenceFailure))
        {
            yield return "OnFenceFailure must be Proceed or Abort.";
        }

        if (options.PostgresConnectionString is { } postgres && PostgresError(postgres, nameof(options.PostgresConnectionString)) is { } postgresError)
        {
            yield return postgresError;
        }

        if (options.StandbyConnectionString is { } standby && PostgresError(standby, nameof(options.StandbyConnectionString)) is { } standbyError)
        {
            yield return standbyError;
        }

        if (options.RedisConnectionString is { } redis && RedisError(redis) is { } redisError)
        {
            yield return redisError;
        }

        if (string.IsNullOrEmpty(options.KeyPrefix)
            || options.KeyPrefix.Length > 64
            || options.KeyPrefix.Any(c => char.IsWhiteSpace(c) || char.IsControl(c) || ForbiddenInPrefix.Contains(c)))
        {
            yield return "KeyPrefix must have 1 to 64 characters, without braces, white space, control characters or any of *?[]\\^; "
                + "for example \"shop\".";
        }

        if (options.Partitions is { } partitions
            && (partitions < 1 || partitions > PartitionMap.MaximumCount || !int.IsPow2(partitions)))
        {
            yield return "Partitions must be a power of two from 1 to 1024; leave it unset for 1 on a server and 16 on a cluster.";
        }

        if (options.FenceTtl < TimeSpan.FromSeconds(10) || options.FenceTtl > TimeSpan.FromDays(1))
        {
            yield return "FenceTtl must be from 10 s to 1 day; the default is 00:02:00.";
        }

        if (options.LeaseDuration < TimeSpan.FromMilliseconds(100) || options.LeaseDuration > options.FenceTtl)
        {
            yield return "LeaseDuration must be from 100 ms to FenceTtl; the default is 00:00:05.";
        }

        if (options.LeaseWait < TimeSpan.Zero || options.LeaseWait > TimeSpan.FromMinutes(1))
        {
            yield return "LeaseWait must be from zero to 1 minute; the default is 00:00:01.";
        }

        if (options.MaxNegativeEntriesPerSecond is < 0 or > 1_000_000)
        {
            yield return "MaxNegativeEntriesPerSecond must be from 0 to 1,000,000; the default is 100, and 0 caches no missing rows.";
        }

        if (options.RedisTimeout < TimeSpan.FromMilliseconds(10) || options.RedisTimeout > TimeSpan.FromMinutes(1))
        {
            yield return "RedisTimeout must be from 10 ms to 1 minute; the default is 00:00:00.2.";
        }

        if (options.VerifyRate is not (>= 0 and <= 1))
        {
            yield return "VerifyRate must be from 0 to 1; the default is 0, and 0.001 verifies every thousandth hit.";
        }

        if (options.VerifyGrace < TimeSpan.Zero || options.VerifyGrace > TimeSpan.FromMinutes(10))
        {
            yield return "VerifyGrace must be from zero to 10 minutes; the default is 00:00:05.";
        }

        if (options.JanitorInterval != TimeSpan.Zero
            && (options.JanitorInterval < TimeSpan.FromSeconds(10) || options.JanitorInterval > TimeSpan.FromDays(1)))
        {
            yield return "JanitorInterval must be from 10 s to 1 day, or zero for never; the default is 00:10:00.";
        }

        foreach (var error in options.CircuitBreaker?.Validate() ?? [Missing("CircuitBreaker", "CircuitBreakerOptions")])
        {
            yield return error;
        }

        foreach (var error in options.LoadLimiter?.Validate() ?? [Missing("LoadLimiter", "LoadLimiterOptions")])
        {
            yield return error;
        }

        foreach (var error in options.InvalidationRetry?.Validate() ?? [Missing("InvalidationRetry", "InvalidationRetryOptions")])
        {
            yield return error;
        }

        foreach (var error in options.Journal?.Validate() ?? [Missing("Journal", "JournalOptions")])
        {
            yield return error;
        }

        foreach (var error in options.ServerWatch?.Validate() ?? [Missing("ServerWatch", "ServerWatchOptions")])
        {
            yield return error;
        }

        foreach (var error in options.Health?.Validate() ?? [Missing("Health", "HealthOptions")])
        {
            yield return error;
        }

        if (options.Journal?.ListenerConnectionString is { } listener
            && PostgresError(listener, "Journal.ListenerConnectionString") is { } listenerError)
        {
            yield return listenerError;
        }

        var ofAll = EntrySettings.Default.With(options.Defaults ?? new EntryOptions());
        foreach (var (policy, entry) in options.Policies)
        {
            if (string.IsNullOrWhiteSpace(policy))
            {
                yield return "Policies must have names; give each a name such as \"price\".";
            }
            else if (entry is null)
            {
                yield return $"Policies: {Excerpt.Of(policy)} has no settings; set at least TimeToLive.";
            }
            else if (entry.PolicyName is not null)
            {
                yield return $"Policies: {Excerpt.Of(policy)} names another policy; policies inherit from Defaults only, so repeat the settings.";
            }
            else if (ofAll.With(entry).Contradiction is { } contradiction && contradiction != ofAll.Contradiction)
            {
                // What Defaults alone get wrong is told once.
                yield return $"Policies: {Excerpt.Of(policy)}, together with Defaults: {contradiction}";
            }
        }

        if (options.Defaults is null)
        {
            yield return Missing("Defaults", "EntryOptions");
        }
        else if (options.Defaults.PolicyName is not null)
        {
            yield return "Defaults must not name a policy; set the properties themselves.";
        }

        if (ofAll.Contradiction is { } ofDefaults)
        {
            yield return $"Defaults: {ofDefaults}";
        }
    }

    private static string Missing(string option, string type) => $"{option} must not be null; leave it unset, or use new {type}().";

    // The parsers' own messages may quote what they could not read, passwords included: they are not repeated.
    private static string? PostgresError(string connectionString, string option)
    {
        try
        {
            return string.IsNullOrEmpty(new NpgsqlConnectionStringBuilder(connectionString).Host)
                ? $"{option} names no host; set it like \"Host=localhost;Database=shop;Username=app;Password=...\"."
                : null;
        }
        catch (Exception error) when (
            error is ArgumentException or FormatException or InvalidCastException or OverflowException or KeyNotFoundException)
        {
            return $"{option} is not an Npgsql connection string; set it like "
                + "\"Host=localhost;Database=shop;Username=app;Password=...\".";
        }
    }

    private static string? RedisError(string connectionString)
    {
        try
        {
            return string.IsNullOrWhiteSpace(connectionString) || ConfigurationOptions.Parse(connectionString).EndPoints.Count == 0
                ? "RedisConnectionString names no server; set it like \"localhost:6379,password=...\"."
                : null;
        }
        catch (Exception error) when (error is ArgumentException or FormatException or OverflowException)
        {
            return "RedisConnectionString is not a StackExchange.Redis connection string; set it like \"localhost:6379,password=...\".";
        }
    }
}
