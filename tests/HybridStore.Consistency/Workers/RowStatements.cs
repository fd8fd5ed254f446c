using HybridStore.Consistency.Keys;

namespace HybridStore.Consistency.Workers;

/// <summary>The tables of the soak, and the SQL of loads and writes.</summary>
internal static class RowStatements
{
    public const string Schema = """
        create table item (id int primary key, group_id int not null, version bigint not null, writer bigint not null,
            watched_id int, watched_group int);
        create table history (row_id int not null, version bigint not null, writer bigint not null, xid xid8 not null,
            primary key (row_id, version));
        create index on history (xid);
        """;

    /// <summary>The journal names rows by columns of their own, which are null where it is to know nothing: <see cref="KeyLayout.IsWatched"/>.</summary>
    public const string Fill = """
        insert into item
        select id, id % @groups, 0, 0, case when id = any(@watched) then id end, case when id = any(@watched) then id % @groups end
        from generate_series(0, @rows - 1) id
        """;

    public const string Row = "select id, version, writer from item where id = @id";

    public const string Group = "select id, version, writer from item where group_id = @id order by id";

    /// <summary>The next version of a row, and the proof of it, in one transaction.</summary>
    public const string Raise = """
        with raised as (update item set version = version + 1, writer = @writer where id = @id returning id, version)
        insert into history (row_id, version, writer, xid) select id, version, @writer, pg_current_xact_id() from raised
        """;

    /// <summary>The same for several rows in one statement, which takes their locks in the order in which all writers do.</summary>
    public const string RaiseAll = """
        with locked as materialized (select id from item where id = any(@ids) order by id for update),
        raised as (
            update item set version = version + 1, writer = @writer from locked where item.id = locked.id returning item.id, item.version)
        insert into history (row_id, version, writer, xid) select id, version, @writer, pg_current_xact_id() from raised
        """;

    /// <summary>Sessions of workers that still do something, be it of workers that are dead.</summary>
    public const string Busy =
        "select count(*) from pg_stat_activity where application_name = @name and state <> 'idle' and datname = current_database()";

    public const string Committed = "select row_id as Row, version, writer from history";

    public const string CommittedSince = "select writer, pg_snapshot_xmin(pg_current_snapshot())::text from history where xid >= @since::xid8";
}
