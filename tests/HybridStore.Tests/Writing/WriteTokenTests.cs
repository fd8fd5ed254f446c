using CsCheck;

namespace HybridStore.Tests.Writing;

public sealed class WriteTokenTests
{
    [Fact]
    public void Its_text_gives_it_back_and_fits_a_cookie() => Gen.Select(Gen.ULong[3, long.MaxValue], Gen.Bool).Sample((id, isJournaled) =>
    {
        var token = new WriteToken(id, isJournaled);
        var text = token.ToString();
        Assert.Matches("^[A-Za-z0-9_-]{3,14}$", text);
        Assert.True(WriteToken.TryParse(text, out var parsed));
        Assert.Equal(token, parsed);
        Assert.Equal((id, isJournaled), (parsed.TransactionId, parsed.IsJournaled));
        Assert.Equal(token, WriteToken.Parse(text));
    });

    [Fact]
    public void That_of_no_write_is_an_empty_text()
    {
        Assert.Equal("", default(WriteToken).ToString());
        Assert.True(WriteToken.TryParse("", out var token));
        Assert.Equal(default, token);
        Assert.Equal(default, new WriteToken(null));
    }

    [Fact]
    public void No_two_texts_are_one_token() => Gen.Byte.Array[0, 12].Sample(bytes =>
    {
        var text = System.Buffers.Text.Base64Url.EncodeToString(bytes);
        if (WriteToken.TryParse(text, out var token))
        {
            Assert.Equal(text, token.ToString());
        }
    });

    [Theory]
    [InlineData(null)]
    [InlineData("A")]
    [InlineData("AQ")]
    [InlineData("AQI")]
    [InlineData("A4AB")]
    [InlineData("AYAA")]
    [InlineData("AYA")]
    [InlineData("AQMD")]
    [InlineData("Af____________8B")]
    [InlineData("AQMDAwMDAwMDAwMDAwMD")]
    [InlineData("a cookie")]
    [InlineData("AQM=")]
    [InlineData("AQM\n")]
    public void What_is_no_token_is_refused(string? text)
    {
        Assert.False(WriteToken.TryParse(text, out var token));
        Assert.Equal(default, token);
        if (text is not null)
        {
            var error = Assert.Throws<FormatException>(() => WriteToken.Parse(text));
            Assert.DoesNotContain("AQMDAwMDAwMDAwMDAwMD", error.Message, StringComparison.Ordinal);
        }
    }
}
