using System.Reflection;
using HybridStore.Realtime.Registration;

namespace HybridStore.Realtime.Tests.Hosting;

public class PublicSurfaceTests
{
    // Typed by name: nothing but its types is asked of the second one.
    private static readonly Assembly[] Assemblies = [typeof(RealtimeRoot).Assembly, Assembly.Load("HybridStore.AspNetCore")];

    private static readonly Type[] All = [.. Assemblies.SelectMany(assembly => assembly.GetTypes())];

    private static readonly Type[] Public = [.. All.Where(type => type.IsVisible)];

    [Fact]
    public void No_type_is_named_like_a_namespace_or_a_part_of_one()
    {
        var segments = All.Where(type => type.Namespace is not null).SelectMany(type => type.Namespace!.Split('.')).ToHashSet();

        Assert.Contains("RateLimiting", segments);
        Assert.DoesNotContain(
            All.Where(type => type.Namespace is { } name && name.StartsWith("HybridStore", StringComparison.Ordinal) && !type.Name.Contains('<')),
            type => segments.Contains(type.Name.Split('`')[0]));
    }

    [Fact]
    public void Public_types_live_where_users_look_for_them()
    {
        Assert.NotEmpty(Public);
        Assert.All(Public, type =>
        {
            Assert.Contains(
                type.Namespace, (string[])["HybridStore.Realtime", "HybridStore.AspNetCore", "Microsoft.Extensions.DependencyInjection"]);
            Assert.False(type.IsNested, $"{type} is nested.");
        });
    }

    [Fact]
    public void Public_classes_are_sealed_static_or_closed() => Assert.All(
        Public.Where(type => type.IsClass),
        type => Assert.True(
            type.IsSealed || type.IsAbstract || type.GetConstructors().Length == 0, $"{type} is open by accident."));

    [Fact]
    public void A_token_is_the_last_parameter_and_can_be_left_out()
    {
        var methods = Public.SelectMany(type => type.GetMethods(BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly))
            .Where(method => method.GetParameters().Any(parameter => parameter.ParameterType == typeof(CancellationToken)))
            .ToList();

        Assert.NotEmpty(methods);
        Assert.All(methods, method =>
        {
            var last = method.GetParameters()[^1];
            Assert.Equal(typeof(CancellationToken), last.ParameterType);
            Assert.Equal("cancellationToken", last.Name);
            Assert.True(last.IsOptional, $"{method} demands a token.");
        });
    }
}
