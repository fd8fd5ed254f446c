namespace HybridStore.Tests.Api;

public class PublicSurfaceTests
{
    private static readonly Type[] All = typeof(IHybridStore).Assembly.GetTypes();

    public static TheoryData<string> PublicTypes => new(All.Where(type => type.IsPublic || type.IsNestedPublic).Select(type => type.FullName!));

    [Fact]
    public void No_type_is_named_like_a_namespace_or_a_part_of_one()
    {
        var segments = All.Where(type => type.Namespace is not null).SelectMany(type => type.Namespace!.Split('.')).ToHashSet();

        Assert.Contains("HybridStore", segments);
        Assert.Contains("Reading", segments);
        Assert.DoesNotContain(
            All.Where(type => type.Namespace is { } name && name.StartsWith("HybridStore", StringComparison.Ordinal) && !type.Name.Contains('<')),
            type => segments.Contains(type.Name.Split('`')[0]));
    }

    [Theory]
    [MemberData(nameof(PublicTypes))]
    public void A_public_type_lives_where_users_look_for_it(string name)
    {
        var type = typeof(IHybridStore).Assembly.GetType(name, throwOnError: true)!;

        Assert.Contains(type.Namespace, (string[])["HybridStore", "Microsoft.Extensions.DependencyInjection"]);
        Assert.False(type.IsNested);
    }

    [Theory]
    [MemberData(nameof(PublicTypes))]
    public void A_public_class_is_sealed_static_or_made_to_be_derived_from(string name)
    {
        var type = typeof(IHybridStore).Assembly.GetType(name, throwOnError: true)!;

        // A receipt of a write with a result is a receipt of a write; nobody outside can derive from either.
        Assert.True(
            !type.IsClass || type.IsSealed || type.IsAbstract || type.GetConstructors().Length == 0, $"{name} is open by accident.");
    }

    [Fact]
    public void A_token_is_the_last_parameter_and_can_be_left_out()
    {
        var methods = All.Where(type => type.IsPublic).SelectMany(type => type.GetMethods())
            .Where(method => method.GetParameters().Any(parameter => parameter.ParameterType == typeof(CancellationToken)))
            .ToList();

        Assert.NotEmpty(methods);
        Assert.All(methods, method =>
        {
            var last = method.GetParameters()[^1];
            Assert.Equal(typeof(CancellationToken), last.ParameterType);
            Assert.Equal("cancellationToken", last.Name);
            Assert.True(last.IsOptional);
        });
    }
}
