namespace HybridStore.Testing;

/// <summary>Expectations of what was done with an <see cref="InMemoryHybridStore"/>. What is not met is a
/// <see cref="HybridStoreAssertionException"/>, whose message lists what was recorded. Keys and tags are compared exactly.</summary>
public static class InMemoryHybridStoreAssertions
{
    /// <summary>A write that was committed, or a call, has named this key.</summary>
    /// <param name="store">The store.</param>
    /// <param name="key">The key.</param>
    /// <exception cref="HybridStoreAssertionException">None has. A flush, or a tag of the key, does not count.</exception>
    public static void ShouldHaveInvalidated(this InMemoryHybridStore store, string key) =>
        Invalidations(store, records => records.Any(record => record.Keys.Contains(key)), $"an invalidation of the key \"{key}\"");

    /// <summary>Nothing has named this key for invalidation.</summary>
    /// <param name="store">The store.</param>
    /// <param name="key">The key.</param>
    /// <exception cref="HybridStoreAssertionException">Something has.</exception>
    public static void ShouldNotHaveInvalidated(this InMemoryHybridStore store, string key) =>
        Invalidations(store, records => !records.Any(record => record.Keys.Contains(key)), $"no invalidation of the key \"{key}\"");

    /// <summary>A write that was committed, or a call, has named this tag.</summary>
    /// <param name="store">The store.</param>
    /// <param name="tag">The tag.</param>
    /// <exception cref="HybridStoreAssertionException">None has.</exception>
    public static void ShouldHaveInvalidatedTag(this InMemoryHybridStore store, string tag) =>
        Invalidations(store, records => records.Any(record => record.Tags.Contains(tag)), $"an invalidation of the tag \"{tag}\"");

    /// <summary>Nothing has named this tag for invalidation.</summary>
    /// <param name="store">The store.</param>
    /// <param name="tag">The tag.</param>
    /// <exception cref="HybridStoreAssertionException">Something has.</exception>
    public static void ShouldNotHaveInvalidatedTag(this InMemoryHybridStore store, string tag) =>
        Invalidations(store, records => !records.Any(record => record.Tags.Contains(tag)), $"no invalidation of the tag \"{tag}\"");

    /// <summary>Nothing was invalidated: no key, no tag, no flush.</summary>
    /// <param name="store">The store.</param>
    /// <exception cref="HybridStoreAssertionException">Something was.</exception>
    public static void ShouldHaveInvalidatedNothing(this InMemoryHybridStore store) =>
        Invalidations(store, records => records.Count == 0, "no invalidation at all");

    /// <summary>The whole cache was invalidated with <see cref="IHybridStore.FlushAsync"/>.</summary>
    /// <param name="store">The store.</param>
    /// <exception cref="HybridStoreAssertionException">It was not.</exception>
    public static void ShouldHaveFlushed(this InMemoryHybridStore store) =>
        Invalidations(store, records => records.Any(record => record.Cause == InvalidationCause.Flush), "a flush");

    /// <summary>This key was read.</summary>
    /// <param name="store">The store.</param>
    /// <param name="key">The key.</param>
    /// <exception cref="HybridStoreAssertionException">It was not.</exception>
    public static void ShouldHaveRead(this InMemoryHybridStore store, string key) =>
        Reads(store, records => records.Any(record => record.Key == key), $"a read of the key \"{key}\"");

    /// <summary>This key was read, and the last read of it was answered this way.</summary>
    /// <param name="store">The store.</param>
    /// <param name="key">The key.</param>
    /// <param name="outcome">How.</param>
    /// <exception cref="HybridStoreAssertionException">It was not.</exception>
    public static void ShouldHaveRead(this InMemoryHybridStore store, string key, ReadOutcome outcome) =>
        Reads(
            store,
            records => records.LastOrDefault(record => record.Key == key)?.Outcome == outcome,
            $"the last read of the key \"{key}\" to be a {outcome}");

    /// <summary>This key was not read.</summary>
    /// <param name="store">The store.</param>
    /// <param name="key">The key.</param>
    /// <exception cref="HybridStoreAssertionException">It was.</exception>
    public static void ShouldNotHaveRead(this InMemoryHybridStore store, string key) =>
        Reads(store, records => records.All(record => record.Key != key), $"no read of the key \"{key}\"");

    /// <summary>A load or a write has run such a statement, in a store without a database.</summary>
    /// <param name="store">The store.</param>
    /// <param name="partOfSql">What its text contains; case and white space do not matter.</param>
    /// <exception cref="ArgumentException"><paramref name="partOfSql"/> is empty.</exception>
    /// <exception cref="HybridStoreAssertionException">None has.</exception>
    public static void ShouldHaveExecuted(this InMemoryHybridStore store, string partOfSql) =>
        Statements(store, partOfSql, found: true, "a statement that contains");

    /// <summary>No load and no write has run such a statement, in a store without a database.</summary>
    /// <param name="store">The store.</param>
    /// <param name="partOfSql">What its text contains; case and white space do not matter.</param>
    /// <exception cref="ArgumentException"><paramref name="partOfSql"/> is empty.</exception>
    /// <exception cref="HybridStoreAssertionException">One has.</exception>
    public static void ShouldNotHaveExecuted(this InMemoryHybridStore store, string partOfSql) =>
        Statements(store, partOfSql, found: false, "no statement that contains");

    private static void Invalidations(
        InMemoryHybridStore store, Func<IReadOnlyList<RecordedInvalidation>, bool> isMet, string expected)
    {
        ArgumentNullException.ThrowIfNull(store);
        Check(store.Invalidations, isMet, expected, "invalidations");
    }

    private static void Reads(InMemoryHybridStore store, Func<IReadOnlyList<RecordedRead>, bool> isMet, string expected)
    {
        ArgumentNullException.ThrowIfNull(store);
        Check(store.Reads, isMet, expected, "reads");
    }

    private static void Statements(InMemoryHybridStore store, string partOfSql, bool found, string expected)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentException.ThrowIfNullOrWhiteSpace(partOfSql);
        Check(
            store.Statements,
            records => records.Any(record => StatementText.Contains(record.Sql, partOfSql)) == found,
            $"{expected} \"{partOfSql}\"",
            "statements");
    }

    private static void Check<T>(IReadOnlyList<T> records, Func<IReadOnlyList<T>, bool> isMet, string expected, string noun)
    {
        if (!isMet(records))
        {
            throw new HybridStoreAssertionException(
                $"Expected {expected}. Recorded {noun}: "
                + (records.Count == 0 ? "none." : string.Concat(records.Select(record => $"\n  {record}"))));
        }
    }
}
