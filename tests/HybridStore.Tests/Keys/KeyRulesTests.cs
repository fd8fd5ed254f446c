using System.Text;
using CsCheck;
using HybridStore.Keys;

namespace HybridStore.Tests.Keys;

public class KeyRulesTests
{
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    [Theory]
    [InlineData("a")]
    [InlineData("user:42")]
    [InlineData(" with blanks, {braces} and 100 % ")]
    [InlineData("straße:Çelik:日本:\uD83D\uDE00")]
    public void Accepts(string key)
    {
        Assert.True(KeyRules.IsValid(key));
        KeyRules.ThrowIfInvalidKey(key);
        KeyRules.ThrowIfInvalidTag(key);
    }

    [Theory]
    [InlineData("x", 1024, 1025)]
    [InlineData("é", 512, 513)]
    [InlineData("€", 341, 342)]
    [InlineData("\uD83D\uDE00", 256, 257)]
    public void Counts_length_in_bytes_of_utf8(string character, int fits, int tooMany)
    {
        Assert.True(KeyRules.IsValid(string.Concat(Enumerable.Repeat(character, fits))));
        Assert.False(KeyRules.IsValid(string.Concat(Enumerable.Repeat(character, tooMany))));
    }

    [Fact]
    public void Agrees_with_a_plain_reading_of_the_rules() =>
        Gen.Char.Array[0, 40].Select(characters => new string(characters)).Sample(key =>
            Assert.Equal(IsValidByTheBook(key), KeyRules.IsValid(key)));

    [Fact]
    public void Agrees_with_a_plain_reading_of_the_rules_on_nasty_text() =>
        Gen.OneOf('a', '~', ' ', '\u001F', '\u007F', '\u0080', '\u009F', '\u00A0', '\uD7FF', '\uD800', '\uDBFF', '\uDC00', '\uDFFF', '\uE000', '\uFFFF')
            .Array[0, 6].Select(characters => new string(characters)).Sample(key =>
                Assert.Equal(IsValidByTheBook(key), KeyRules.IsValid(key)));

    [Fact]
    public void Refuses_null()
    {
        string? key = null;
        var exception = Assert.Throws<ArgumentNullException>(() => KeyRules.ThrowIfInvalidKey(key));
        Assert.Equal("key", exception.ParamName);
        Assert.StartsWith("A key must not be null: pass a text such as \"user:42\".", exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "A key must not be empty: pass a text such as \"user:42\".")]
    [InlineData("user:42\n", "A key must not contain control characters, and this one has U+000A at index 7: remove it, or build the key with a KeyTemplate, which encodes it. It is \"user:42\\u000A\".")]
    [InlineData("é\u0085", "A key must not contain control characters, and this one has U+0085 at index 1: remove it, or build the key with a KeyTemplate, which encodes it. It is \"é\\u0085\".")]
    public void Refuses_with_parameter_rule_and_remedy(string name, string message)
    {
        var exception = Assert.Throws<ArgumentException>(() => KeyRules.ThrowIfInvalidKey(name));
        Assert.Equal("name", exception.ParamName);
        Assert.Equal($"{message} (Parameter 'name')", exception.Message);
    }

    [Theory]
    [InlineData('\uD800')]
    [InlineData('\uDC00')]
    public void Refuses_half_a_surrogate_pair(char half)
    {
        var exception = Assert.Throws<ArgumentException>(() => KeyRules.ThrowIfInvalidKey($"ab{half}", "key"));
        Assert.Equal(
            $"A key must be well-formed UTF-16, and this one has half a surrogate pair (U+{(int)half:X4}) at index 2: do not cut text inside a character, or build the key with a KeyTemplate, which encodes it. It is \"ab\\u{(int)half:X4}\". (Parameter 'key')",
            exception.Message);
    }

    [Theory]
    [InlineData('x', 1025, "1,025")]
    [InlineData('x', 100_000, "100,000")]
    [InlineData('€', 400, "1,200")]
    public void Refuses_what_is_too_long(char character, int length, string bytes)
    {
        using var hostile = new HostileCulture();
        var exception = Assert.Throws<ArgumentException>(() => KeyRules.ThrowIfInvalidKey(new string(character, length), "key"));
        Assert.Equal(
            $"A key must not be longer than 1,024 bytes in UTF-8, and this one has {bytes}: shorten it, for example by putting a hash in place of its long part. It is \"{new string(character, 16)}...\". (Parameter 'key')",
            exception.Message);
    }

    [Fact]
    public void Speaks_of_tags_when_it_is_a_tag()
    {
        var tag = string.Empty;
        var exception = Assert.Throws<ArgumentException>(() => KeyRules.ThrowIfInvalidTag(tag));
        Assert.Equal("A tag must not be empty: pass a text such as \"org:7\". (Parameter 'tag')", exception.Message);
    }

    [Fact]
    public void Names_the_index_in_a_list()
    {
        string[] keys = ["a", "b", "c", ""];
        Assert.Equal("keys[3]", Assert.Throws<ArgumentException>(() => KeyRules.ThrowIfAnyInvalidKey(keys)).ParamName);

        string[] tags = ["a", null!];
        Assert.Equal("tags[1]", Assert.Throws<ArgumentNullException>(() => KeyRules.ThrowIfAnyInvalidTag(tags)).ParamName);
        Assert.Equal("keys[7]", Assert.Throws<ArgumentException>(() => KeyRules.ThrowIfInvalidKeyAt(7, "", "keys")).ParamName);
        Assert.Equal("tags[7]", Assert.Throws<ArgumentException>(() => KeyRules.ThrowIfInvalidTagAt(7, "\t", "tags")).ParamName);
    }

    [Fact]
    public void Accepts_a_list_of_good_ones()
    {
        string[] keys = ["a", "b"];
        Assert.Null(Record.Exception(() => KeyRules.ThrowIfAnyInvalidKey(keys)));
        Assert.Null(Record.Exception(() => KeyRules.ThrowIfAnyInvalidTag([])));
    }

    [Fact]
    public void Does_not_print_a_mail_address()
    {
        var exception = Assert.Throws<ArgumentException>(() => KeyRules.ThrowIfInvalidKey("user:somebody.important@example.org\r", "key"));
        Assert.DoesNotContain("@", exception.Message, StringComparison.Ordinal);
        Assert.Contains("user:somebody.im...", exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("user:42")]
    [InlineData("straße:\uD83D\uDE00")]
    public void Allocates_nothing(string key) => Allocation.AssertPerCall(0, () => KeyRules.ThrowIfInvalidKey(key));

    private static bool IsValidByTheBook(string key)
    {
        if (key.Length == 0 || key.Any(char.IsControl))
        {
            return false;
        }

        try
        {
            return StrictUtf8.GetByteCount(key) <= 1024;
        }
        catch (EncoderFallbackException)
        {
            // That is how the strict encoding says that the text is not well-formed.
            return false;
        }
    }
}
