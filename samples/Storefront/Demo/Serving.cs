namespace Storefront.Demo;

/// <summary>Keeps the API running until Ctrl+C.</summary>
internal sealed class Serving : IDemonstration
{
    private const string Address = "http://localhost:5080";

    public void Configure(WebApplicationBuilder builder)
    {
        builder.WebHost.UseUrls(Address);
        builder.Logging.ClearProviders()
            .AddSimpleConsole(console =>
            {
                console.SingleLine = true;
                console.TimestampFormat = "HH:mm:ss ";
            })
            .SetMinimumLevel(LogLevel.Warning)
            .AddFilter("HybridStore", LogLevel.Information)
            .AddFilter("Microsoft.Extensions.Hosting", LogLevel.None); // It would print what is told in one line below.
    }

    public async Task<int> RunAsync(WebApplication app)
    {
        try
        {
            await app.StartAsync();
        }
        catch (IOException error)
        {
            Console.Error.WriteLine($"{error.Message} Is another storefront running?");
            return 1;
        }

        Console.WriteLine($$"""
            The storefront listens on {{Address}}. Ctrl+C ends it.

              curl {{Address}}/products/42
              curl {{Address}}/products/by-slug/steel-kettle-41
              curl {{Address}}/products/42/stock
              curl {{Address}}/categories/lamp/bestsellers
              curl {{Address}}/categories/lamp/products
              curl -X PUT {{Address}}/products/42/price -H 'Content-Type: application/json' -d '{"price":9.90}'
              curl {{Address}}/users/7
              curl {{Address}}/organisations/1/users
              curl -X POST {{Address}}/orders -H 'Content-Type: application/json' -d '{"userId":7,"productId":42,"quantity":1}'
              curl {{Address}}/users/7/orders
              curl {{Address}}/bestsellers
              curl {{Address}}/search?text=copper
              curl {{Address}}/live/requests
              curl -c cookies -X POST {{Address}}/sign-in -H 'Content-Type: application/json' -d '{"userId":7}'
              curl -b cookies {{Address}}/me/devices
              curl -X DELETE {{Address}}/organisations/1 -i

            """);
        await app.WaitForShutdownAsync();
        return 0;
    }

    public void Dispose()
    {
    }
}
