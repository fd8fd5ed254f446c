using HybridStore.Journaling.Watching;

namespace HybridStore.Tests.Journaling;

/// <summary>Tables are named as in SQL.</summary>
public sealed class TableNameTests
{
    [Theory]
    [InlineData("users", "\"users\"")]
    [InlineData("Crm.Users_2$", "\"crm\".\"users_2$\"")]
    [InlineData("public.\"User\"", "\"public\".\"User\"")]
    [InlineData("\"a.b\".\"c\"\"d\"", "\"a.b\".\"c\"\"d\"")]
    [InlineData("Ärzte", "\"Ärzte\"")]
    public void Unquoted_names_fold_to_lower_case_and_quoted_ones_are_kept(string table, string quoted) =>
        Assert.Equal(quoted, TableName.Parse(table).ToString());

    [Theory]
    [InlineData("")]
    [InlineData(" users")]
    [InlineData("users ")]
    [InlineData("users; drop table users")]
    [InlineData("1users")]
    [InlineData("a.b.c")]
    [InlineData("a.")]
    [InlineData(".a")]
    [InlineData("a..b")]
    [InlineData("\"a")]
    [InlineData("\"\"")]
    [InlineData("\"a\"b")]
    [InlineData("user-s")]
    [InlineData("\"a\0\"")]
    [InlineData("a234567890123456789012345678901234567890123456789012345678901234")]
    public void Anything_else_is_refused(string table)
    {
        var refusal = Assert.Throws<ArgumentException>(nameof(table), () => TableName.Parse(table));

        Assert.Contains("written as in SQL", refusal.Message, StringComparison.Ordinal);
    }
}
