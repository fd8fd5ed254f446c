namespace HybridStore.IntegrationTests.Journaling;

internal static class TemporarySchema
{
    public const string Sql = """
        create schema hybridstore;
        create table hybridstore.journal (xid xid8 not null default pg_current_xact_id(), written_at timestamptz not null default clock_timestamp(),
          keys text[] not null default '{}', tags text[] not null default '{}', everything boolean not null default false, skipped integer not null default 0);
        create index on hybridstore.journal (xid);
        create sequence hybridstore.bell;
        create table hybridstore.state (single boolean primary key default true check (single), version integer not null, purged_below xid8 not null default '0');
        insert into hybridstore.state (version) values (1);
        create function hybridstore.record(keys text[], tags text[]) returns void language plpgsql as $$
        declare now_us bigint := date_part('epoch', clock_timestamp()) * 1e6;
        begin
          insert into hybridstore.journal (keys, tags) values ($1, $2);
          if pg_sequence_last_value('hybridstore.bell'::regclass) < now_us and pg_sequence_last_value('hybridstore.bell'::regclass) > now_us - 30000000 then
            perform pg_notify('hybridstore', '');
          end if;
        end $$;
        create function hybridstore.item_changed() returns trigger language plpgsql as $$
        begin
          if tg_op = 'TRUNCATE' then insert into hybridstore.journal (everything) values (true); return null; end if;
          perform hybridstore.record(
            array(select 'item:' || id from old_rows union select 'item:' || id from new_rows),
            array(select 'owner:' || owner from old_rows where owner is not null union select 'owner:' || owner from new_rows where owner is not null));
          return null;
        end $$;
        create trigger item_update after update on item referencing old table as old_rows new table as new_rows for each statement execute function hybridstore.item_changed();
        create trigger item_truncate after truncate on item for each statement execute function hybridstore.item_changed();
        """;
}
