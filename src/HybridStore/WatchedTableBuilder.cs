using System.Text;
using HybridStore.Journaling.Watching;
using HybridStore.Keys;

namespace HybridStore;

/// <summary>Says which keys and tags the rows of a watched table concern. Whatever a statement changes, the names of the old row and of the
/// new one are invalidated. Not thread-safe; used while services are registered.</summary>
/// <remarks>
/// <para>A placeholder is the column of the same name, or the only one whose name differs in case, unless <see cref="Column"/> says otherwise.
/// Columns may be integers, <c>text</c>, <c>varchar</c>, <c>char(n)</c> (without the blanks at its end), <c>citext</c>, enums, <c>uuid</c>,
/// <c>numeric</c>, <c>boolean</c>, <c>date</c>, <c>time</c>, <c>timestamptz</c>, <c>timestamp</c> (taken as UTC), and domains over these. The
/// installation refuses others, and columns that do not fit the types of a <see cref="KeyTemplate"/>. A name of which a column is null, or that
/// would be longer than 1,024 bytes, is left out: no key is asked for by such values.</para>
/// </remarks>
public sealed class WatchedTableBuilder
{
    private readonly TableName _table;
    private readonly List<WatchedTemplate> _keys = [];
    private readonly List<WatchedTemplate> _tags = [];
    private readonly Dictionary<string, string> _columns = new(StringComparer.Ordinal);

    internal WatchedTableBuilder(TableName table) => _table = table;

    /// <summary>A key that each row concerns.</summary>
    /// <param name="template">The template by which the application makes its keys. The types must fit the columns.</param>
    /// <returns>This builder.</returns>
    public WatchedTableBuilder Key(KeyTemplate template)
    {
        ArgumentNullException.ThrowIfNull(template);
        _keys.Add(WatchedTemplate.Of(template, _columns));
        return this;
    }

    /// <inheritdoc cref="Key(KeyTemplate)"/>
    /// <param name="template">A template such as <c>user:{id}</c>; without a placeholder, one key that every change of the table
    /// concerns.</param>
    /// <exception cref="ArgumentException">The template is not well-formed.</exception>
    public WatchedTableBuilder Key(string template)
    {
        _keys.Add(WatchedTemplate.Of(template, _columns));
        return this;
    }

    /// <summary>A tag that each row concerns.</summary>
    /// <param name="template">The template by which the application makes its tags. The types must fit the columns.</param>
    /// <returns>This builder.</returns>
    public WatchedTableBuilder Tag(KeyTemplate template)
    {
        ArgumentNullException.ThrowIfNull(template);
        _tags.Add(WatchedTemplate.Of(template, _columns));
        return this;
    }

    /// <inheritdoc cref="Tag(KeyTemplate)"/>
    /// <param name="template">A template such as <c>org:{org_id}</c>; without a placeholder, one tag that every change of the table concerns,
    /// such as <c>users:all</c>.</param>
    /// <exception cref="ArgumentException">The template is not well-formed.</exception>
    public WatchedTableBuilder Tag(string template)
    {
        _tags.Add(WatchedTemplate.Of(template, _columns));
        return this;
    }

    /// <summary>Says which column a placeholder means, in all templates of this table.</summary>
    /// <param name="placeholder">The placeholder, without braces.</param>
    /// <param name="column">The column's name exactly as PostgreSQL has it, unquoted: 1 to 63 bytes.</param>
    /// <returns>This builder.</returns>
    /// <exception cref="ArgumentException">A name is empty or too long, or the placeholder has a column already.</exception>
    public WatchedTableBuilder Column(string placeholder, string column)
    {
        ArgumentException.ThrowIfNullOrEmpty(placeholder);
        ArgumentException.ThrowIfNullOrEmpty(column);
        if (Encoding.UTF8.GetByteCount(column) > JournalOptions.LongestIdentifier || column.Contains('\0', StringComparison.Ordinal))
        {
            throw new ArgumentException(
                $"A column must be named by 1 to {JournalOptions.LongestIdentifier} bytes, as in PostgreSQL, and this name is {Excerpt.Of(column)}.",
                nameof(column));
        }

        if (!_columns.TryAdd(placeholder, column))
        {
            throw new ArgumentException(
                $"The placeholder '{placeholder}' has a column already: name each once.", nameof(placeholder));
        }

        return this;
    }

    /// <exception cref="ArgumentException">There is no template, or a column for a placeholder that none has.</exception>
    internal WatchedTable Build()
    {
        if (_keys.Count + _tags.Count == 0)
        {
            throw new ArgumentException(
                $"Nothing is said about the table {_table}: name at least one key or tag that its rows concern.", "configure");
        }

        var unknown = _columns.Keys.FirstOrDefault(
            placeholder => !_keys.Concat(_tags).Any(template => template.Placeholders.Contains(placeholder)));
        return unknown is null
            ? new WatchedTable(_table, _keys, _tags)
            : throw new ArgumentException(
                $"No template of the table {_table} has the placeholder '{unknown}', for which a column is named: write it as in the template, without braces.",
                "configure");
    }
}
