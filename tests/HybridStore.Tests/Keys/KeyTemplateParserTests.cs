using System.Text.Json;

namespace HybridStore.Tests.Keys;

public class KeyTemplateParserTests
{
    private const string Brace = "has a brace without its partner: write each placeholder as {name}, and no other braces.";

    [Theory]
    [InlineData("product:{id", Brace)]
    [InlineData("product:id}", Brace)]
    [InlineData("product:{{id}}", Brace)]
    [InlineData("product:{a{b}}", Brace)]
    [InlineData("}{", Brace)]
    [InlineData("{", Brace)]
    [InlineData("p:{}", "has a placeholder \"\" that is no identifier: name it with letters, digits and underscores, as in {id}; there are no positions and no format specifiers.")]
    [InlineData("p:{0}", "has a placeholder \"0\" that is no identifier: name it with letters, digits and underscores, as in {id}; there are no positions and no format specifiers.")]
    [InlineData("p:{id:D}", "has a placeholder \"id:D\" that is no identifier: name it with letters, digits and underscores, as in {id}; there are no positions and no format specifiers.")]
    [InlineData("p:{a b}", "has a placeholder \"a b\" that is no identifier: name it with letters, digits and underscores, as in {id}; there are no positions and no format specifiers.")]
    [InlineData("product", "has 0 placeholder(s), and the KeyTemplate has 1 type argument(s): give it one type for each placeholder.")]
    [InlineData("p:{a}:{b}", "has 2 placeholder(s), and the KeyTemplate has 1 type argument(s): give it one type for each placeholder.")]
    [InlineData("{id}", "has nothing but a placeholder: begin with what the key is about, as in \"product:{id}\".")]
    [InlineData("", "must be 1 to 1024 bytes of well-formed text without control characters: write it like \"product:{id}\".")]
    public void Refuses(string template, string message)
    {
        var exception = Assert.Throws<ArgumentException>(() => new KeyTemplate<int>(template));
        Assert.Equal("template", exception.ParamName);
        Assert.Equal($"The key template \"{template}\" {message} (Parameter 'template')", exception.Message);
    }

    [Fact]
    public void Refuses_null() =>
        Assert.Equal("template", Assert.Throws<ArgumentNullException>(() => new KeyTemplate<int>(null!)).ParamName);

    [Fact]
    public void Refuses_what_no_key_may_contain()
    {
        const string Rule = "must be 1 to 1024 bytes of well-formed text without control characters";
        AssertRefused(() => new KeyTemplate<int>("a\n{id}"), "\"a\\u000A{id}\" " + Rule);
        AssertRefused(() => new KeyTemplate<int>("a\uD800:{id}"), "\"a\\uD800:{id}\" " + Rule);
        AssertRefused(() => new KeyTemplate<int>(new string('x', 1021) + "{id}"), "\"xxxxxxxxxxxxxxxx...\" " + Rule);
    }

    [Theory]
    [InlineData("p:{id}:{id}")]
    [InlineData("p:{Id}:{id}")]
    public void Refuses_a_name_that_stands_twice(string template) =>
        AssertRefused(() => new KeyTemplate<int, int>(template), "has the placeholder \"id\" twice: give each placeholder a name of its own.");

    [Fact]
    public void Refuses_what_does_not_tell_values_apart()
    {
        const string Message = "has nothing between \"a\" and \"b\" that tells where the first one ends, so different values could give the same key: put a colon between them.";
        AssertRefused(() => new KeyTemplate<int, int>("x:{a}{b}"), Message);
        AssertRefused(() => new KeyTemplate<int, int>("{a}-{b}"), Message);
        AssertRefused(() => new KeyTemplate<int, int>("{a}x.7{b}"), Message);
        AssertRefused(() => new KeyTemplate<string, int>("{a}/{b}"), Message);
        AssertRefused(() => new KeyTemplate<char?, int>("{a}%{b}"), Message);
        AssertRefused(() => new KeyTemplate<int, string, int>("{x}/{a}/{b}"), Message);
    }

    [Fact]
    public void Accepts_what_the_first_value_cannot_contain()
    {
        Assert.Equal("1/x", new KeyTemplate<int, string>("{a}/{b}").For(1, "x"));
        Assert.Equal("x-:1", new KeyTemplate<string, int>("{a}-:{b}").For("x", 1));
        Assert.Equal("100% 1 é2", new KeyTemplate<int, int>("100% {a} é{b}").For(1, 2));
    }

    [Fact]
    public void Refuses_types_without_a_text_that_is_sure()
    {
        AssertTypeRefused<double>("System.Double");
        AssertTypeRefused<float?>("System.Nullable`1[System.Single]");
        AssertTypeRefused<byte[]>("System.Byte[]");
        AssertTypeRefused<TimeSpan>("System.TimeSpan");
        AssertTypeRefused<object>("System.Object");
        AssertTypeRefused<Int128>("System.Int128");
        AssertTypeRefused<JsonElement>("System.Text.Json.JsonElement");
        AssertTypeRefused<int[]>("System.Int32[]");
    }

    [Fact]
    public void Does_not_print_what_was_put_into_the_template_by_mistake()
    {
        const string Mail = "somebody.important@example.org";
        var exception = Assert.Throws<ArgumentException>(() => new KeyTemplate<string>($"user:{Mail}"));
        Assert.DoesNotContain("@", exception.Message, StringComparison.Ordinal);
    }

    private static void AssertTypeRefused<T>(string type) => AssertRefused(
        () => new KeyTemplate<T>("k:{v}"),
        $"\"k:{{v}}\" has a placeholder \"v\" of type {type}, which has no text that is sure to be the same in .NET and in PostgreSQL: make it a string, and render the value yourself.");

    private static void AssertRefused(Func<KeyTemplate> create, string message)
    {
        var exception = Assert.Throws<ArgumentException>(create);
        Assert.Equal("template", exception.ParamName);
        Assert.Contains(message, exception.Message, StringComparison.Ordinal);
    }
}
