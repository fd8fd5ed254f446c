using CsCheck;
using HybridStore.Keys;

namespace HybridStore.Tests.Keys;

/// <summary>What makes a rendering safe: different values give different keys, and every key is a valid one.</summary>
public class KeyTemplatePropertyTests
{
    private static readonly KeyTemplate<string, string> Pair = new("p:{a}:{b}");
    private static readonly KeyTemplate<string, string, string, string> Four = new("{a}x:y{b}::{c}%:{d}3A");

    // Whatever could be taken for a separator, for an escape, or for a part of one.
    private static readonly char[] Nasty =
        [':', '%', '{', '}', '3', 'A', 'x', 'y', 'p', '2', '5', '\n', '\u0085', 'é', '\uD83D', '\uDE00', '\0', '\uFFFD'];

    private static readonly Gen<string> NastyText =
        Gen.OneOf(Nasty).Array[0, 5].Select(characters => new string(characters));

    private static readonly Gen<string> AnyText = Gen.OneOf(NastyText, Gen.Char.Array[0, 60].Select(characters => new string(characters)));

    [Fact]
    public void Every_pair_of_short_texts_has_a_key_of_its_own()
    {
        var texts = AllTexts([':', '%', '3', 'A', '\uD83D', '\uDE00'], 3).ToArray();
        var keys = new HashSet<string>(StringComparer.Ordinal);
        foreach (var first in texts)
        {
            foreach (var second in texts)
            {
                Assert.True(keys.Add(Pair.For(first, second)), $"({first}, {second}) collides");
            }
        }

        Assert.Equal(texts.Length * texts.Length, keys.Count);
    }

    [Fact]
    public void Values_that_differ_give_keys_that_differ() =>
        Gen.Select(NastyText.Array[4], NastyText.Array[4], Gen.Int[0, 3]).Sample((values, others, same) =>
        {
            // One value in common makes near misses likelier.
            others[same] = values[same];
            Assert.Equal(values.SequenceEqual(others), Render(values) == Render(others));
        });

    [Fact]
    public void Moving_a_character_to_the_next_value_changes_the_key() =>
        Gen.Select(NastyText, NastyText, Gen.OneOf(Nasty)).Sample((first, second, moved) =>
            Assert.NotEqual(Pair.For(first + moved, second), Pair.For(first, moved + second)));

    [Fact]
    public void Values_can_be_read_back() => Gen.Select(AnyText, AnyText).Sample((first, second) =>
    {
        var parts = Pair.For(first, second).Split(':');
        Assert.Equal(["p", first, second], new[] { parts[0], Unescape(parts[1]), Unescape(parts[2]) });
        Assert.Equal(3, parts.Length);
    });

    [Fact]
    public void Every_key_is_valid() => Gen.Select(AnyText, AnyText).Sample((first, second) =>
        Assert.True(KeyRules.IsValid(Pair.For(first, second))));

    [Fact]
    public void A_key_is_either_valid_or_refused() => Gen.Char.Array[300, 1100].Sample(characters =>
    {
        var template = new KeyTemplate<string>("p:{a}");
        string key;
        try
        {
            key = template.For(new string(characters));
        }
        catch (ArgumentException exception)
        {
            Assert.Equal("a", exception.ParamName);
            Assert.True(KeyRules.CountBytes(EscapeByTheBook(characters)) + 2 > 1024);
            return;
        }

        Assert.True(KeyRules.IsValid(key));
        Assert.Equal("p:" + EscapeByTheBook(characters), key);
    });

    [Fact]
    public void Cultures_change_nothing() =>
        Gen.Select(Gen.Long, Gen.Decimal, Gen.DateTimeOffset, Gen.Date).Sample((number, amount, instant, day) =>
        {
            var template = new KeyTemplate<long, decimal, DateTimeOffset, DateOnly>("{a}:{b}:{c}:{d}");
            var expected = template.For(number, amount, instant, DateOnly.FromDateTime(day));
            using var hostile = new HostileCulture();
            Assert.Equal(expected, template.For(number, amount, instant, DateOnly.FromDateTime(day)));
        });

    [Fact]
    public void Decimals_are_equal_exactly_when_their_keys_are() =>
        Gen.Select(Gen.Int[-200, 200], Gen.Int[-200, 200], Gen.Int[0, 5], Gen.Int[0, 5]).Sample((a, b, scaleA, scaleB) =>
        {
            var template = new KeyTemplate<decimal>("p:{v}");
            var first = new decimal(Math.Abs(a), 0, 0, a < 0, (byte)scaleA);
            var second = new decimal(Math.Abs(b), 0, 0, b < 0, (byte)scaleB);
            Assert.Equal(first == second, template.For(first) == template.For(second));
        });

    [Fact]
    public void Decimals_can_be_read_back() => Gen.Decimal.Sample(value => Assert.Equal(
        value, decimal.Parse(new KeyTemplate<decimal>("p:{v}").For(value)[2..], System.Globalization.CultureInfo.InvariantCulture)));

    private static string Render(string[] values) => Four.For(values[0], values[1], values[2], values[3]);

    private static IEnumerable<string> AllTexts(char[] alphabet, int maximumLength) => maximumLength == 0
        ? [""]
        : AllTexts(alphabet, maximumLength - 1)
            .SelectMany(text => alphabet.Select(character => text + character).Append(text))
            .Distinct(StringComparer.Ordinal);

    /// <summary>The reverse of the escaping, written from its description and not from its code.</summary>
    private static string Unescape(string text)
    {
        var result = new System.Text.StringBuilder();
        for (var index = 0; index < text.Length; index++)
        {
            if (text[index] != '%')
            {
                result.Append(text[index]);
                continue;
            }

            var lead = Byte(text, index);
            var character = lead switch
            {
                < 0x80 => lead,
                < 0xE0 => ((lead & 0x1F) << 6) | (Byte(text, index + 3) & 0x3F),
                _ => ((lead & 0x0F) << 12) | ((Byte(text, index + 3) & 0x3F) << 6) | (Byte(text, index + 6) & 0x3F),
            };
            index += lead < 0x80 ? 2 : lead < 0xE0 ? 5 : 8;
            result.Append((char)character);
        }

        return result.ToString();
    }

    private static int Byte(string text, int index) => Convert.FromHexString(text.AsSpan(index + 1, 2))[0];

    private static string EscapeByTheBook(char[] characters)
    {
        var result = new System.Text.StringBuilder();
        var rest = characters.AsSpan();
        while (!rest.IsEmpty)
        {
            var isRune = System.Text.Rune.DecodeFromUtf16(rest, out var rune, out var length) == System.Buffers.OperationStatus.Done;
            var plain = isRune && !System.Text.Rune.IsControl(rune) && !"%:{}".Contains((char)rune.Value, StringComparison.Ordinal);
            if (plain || (isRune && rune.Value > 0xFFFF))
            {
                result.Append(rest[..length]);
            }
            else if (isRune)
            {
                foreach (var value in System.Text.Encoding.UTF8.GetBytes(rune.ToString()))
                {
                    result.Append('%').Append(Convert.ToHexString([value]));
                }
            }
            else
            {
                var half = (int)rest[0];
                result.Append('%').Append(Convert.ToHexString([(byte)(0xE0 | (half >> 12))]))
                    .Append('%').Append(Convert.ToHexString([(byte)(0x80 | ((half >> 6) & 0x3F))]))
                    .Append('%').Append(Convert.ToHexString([(byte)(0x80 | (half & 0x3F))]));
            }

            rest = rest[length..];
        }

        return result.ToString();
    }
}
