using HybridStore.Keys;

namespace HybridStore.Tests.Keys;

public class ExcerptTests
{
    [Theory]
    [InlineData("", "\"\"")]
    [InlineData("user:42", "\"user:42\"")]
    [InlineData("0123456789abcdef", "\"0123456789abcdef\"")]
    [InlineData("0123456789abcdefg", "\"0123456789abcdef...\"")]
    [InlineData("a\nb\0c\u0085", "\"a\\u000Ab\\u0000c\\u0085\"")]
    [InlineData("right\u202Eleft\u2028", "\"right\\u202Eleft\\u2028\"")]
    [InlineData("\uD83D\uDE00 ok", "\"\uD83D\uDE00 ok\"")]
    public void Shows_at_most_16_characters_and_makes_invisible_ones_visible(string value, string expected) =>
        Assert.Equal(expected, Excerpt.Of(value));

    [Fact]
    public void Shows_halves_of_surrogate_pairs_as_numbers() => Assert.Equal("\"x\\uDC00y\\uD800\"", Excerpt.Of("x\uDC00y\uD800"));

    [Fact]
    public void Leaves_a_pair_of_surrogates_out_rather_than_cut_it() =>
        Assert.Equal("\"0123456789abcde...\"", Excerpt.Of("0123456789abcde\uD83D\uDE00"));
}
