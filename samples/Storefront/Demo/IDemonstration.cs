namespace Storefront.Demo;

/// <summary>What is done with the application once it is put together.</summary>
internal interface IDemonstration : IDisposable
{
    /// <summary>Sets the address and the logging.</summary>
    void Configure(WebApplicationBuilder builder);

    /// <summary>Runs the application, and returns the exit code.</summary>
    Task<int> RunAsync(WebApplication app);
}
