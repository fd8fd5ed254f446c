namespace HybridStore.Keys;

/// <summary>Takes a template apart and refuses whatever would make two different values give the same key.</summary>
/// <remarks>
/// Why different values give different keys: the literal behind a placeholder holds a character that the text of its value
/// cannot contain, so the first one found from there on is the literal's, and the value ends where the literal begins. So
/// each value can be read back from left to right; behind the last one only a literal of known length follows.
/// </remarks>
internal static class KeyTemplateParser
{
    public static (string[] Literals, string[] Parameters) Parse(string template, ReadOnlySpan<Type> types)
    {
        var (literals, parameters) = Split(template);
        CheckTypes(template, parameters, types);
        CheckSeparators(template, literals, parameters, types);
        return ([.. literals], [.. parameters]);
    }

    /// <summary>Takes a template apart whose values are columns. Their types are not known here, so nothing tells whether different values
    /// could give the same name; that costs an invalidation too many and no more.</summary>
    public static (string[] Literals, string[] Parameters) ParseUntyped(string template)
    {
        var (literals, parameters) = Split(template);
        return ([.. literals], [.. parameters]);
    }

    private static (List<string> Literals, List<string> Parameters) Split(string template)
    {
        CheckText(template);

        var literals = new List<string>();
        var parameters = new List<string>();
        var rest = template.AsSpan();
        int open;
        while ((open = rest.IndexOfAny('{', '}')) >= 0)
        {
            var close = rest[open] == '{' ? rest[(open + 1)..].IndexOfAny('{', '}') + open + 1 : -1;
            if (close <= open || rest[close] != '}')
            {
                throw Invalid(template, "has a brace without its partner: write each placeholder as {name}, and no other braces");
            }

            literals.Add(rest[..open].ToString());
            parameters.Add(CheckName(template, rest[(open + 1)..close], parameters));
            rest = rest[(close + 1)..];
        }

        literals.Add(rest.ToString());
        if (literals.TrueForAll(literal => literal.Length == 0))
        {
            throw Invalid(template, "has nothing but a placeholder: begin with what the key is about, as in \"product:{id}\"");
        }

        return (literals, parameters);
    }

    private static void CheckText(string template)
    {
        ArgumentNullException.ThrowIfNull(template);
        if (!KeyRules.IsValid(template))
        {
            throw Invalid(
                template,
                $"must be 1 to {KeyRules.MaximumBytes} bytes of well-formed text without control characters: write it like \"product:{{id}}\"");
        }
    }

    private static string CheckName(string template, ReadOnlySpan<char> name, List<string> earlier)
    {
        var isIdentifier = !name.IsEmpty && (char.IsLetter(name[0]) || name[0] == '_');
        foreach (var character in name)
        {
            isIdentifier &= char.IsLetterOrDigit(character) || character == '_';
        }

        if (!isIdentifier)
        {
            throw Invalid(
                template,
                $"has a placeholder {Excerpt.Of(name)} that is no identifier: name it with letters, digits and underscores, as in {{id}}; there are no positions and no format specifiers");
        }

        // PostgreSQL folds the case of column names, so two names that differ in case would mean one column.
        var text = name.ToString();
        if (earlier.Contains(text, StringComparer.OrdinalIgnoreCase))
        {
            throw Invalid(template, $"has the placeholder {Excerpt.Of(text)} twice: give each placeholder a name of its own");
        }

        return text;
    }

    private static void CheckTypes(string template, List<string> parameters, ReadOnlySpan<Type> types)
    {
        if (parameters.Count != types.Length)
        {
            throw Invalid(
                template,
                $"has {parameters.Count} placeholder(s), and the KeyTemplate has {types.Length} type argument(s): give it one type for each placeholder");
        }

        for (var index = 0; index < types.Length; index++)
        {
            if (!KeyValueFormats.IsSupported(types[index]))
            {
                throw Invalid(
                    template,
                    $"has a placeholder {Excerpt.Of(parameters[index])} of type {types[index]}, which has no text that is sure to be the same in .NET and in PostgreSQL: make it a string, and render the value yourself");
            }
        }
    }

    private static void CheckSeparators(string template, List<string> literals, List<string> parameters, ReadOnlySpan<Type> types)
    {
        for (var index = 0; index < types.Length - 1; index++)
        {
            if (!Separates(literals[index + 1], types[index]))
            {
                throw Invalid(
                    template,
                    $"has nothing between {Excerpt.Of(parameters[index])} and {Excerpt.Of(parameters[index + 1])} that tells where the first one ends, so different values could give the same key: put a colon between them");
            }
        }
    }

    private static bool Separates(string literal, Type before)
    {
        foreach (var character in literal)
        {
            if (!KeyValueFormats.CanContain(before, character))
            {
                return true;
            }
        }

        return false;
    }

    private static ArgumentException Invalid(string template, string fault) =>
        new($"The key template {Excerpt.Of(template)} {fault}.", nameof(template));
}
