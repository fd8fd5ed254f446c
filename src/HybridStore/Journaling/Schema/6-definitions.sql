-- PostgreSQL's own events follow what becomes of watched tables. Only a superuser may have them; without them the installation is run again
-- when a partition has come or gone.

-- A table is written anew, with other values perhaps: no trigger on rows sees it.
create or replace function {schema}.on_rewrite() returns event_trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as {body}
begin
  if exists (select from {schema}.watched_relation where relation = pg_event_trigger_table_rewrite_oid()) then
    perform {schema}.record_everything();
  end if;
end
{body};

create or replace function {schema}.on_change() returns event_trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as {body}
declare
  entry {schema}.watched;
  lost name;
  followed record;
begin
  -- A member of an enum that is renamed changes what rows hold; one that is added does not, but nothing tells them apart.
  if tg_tag = 'ALTER TYPE' then
    if exists (
      select from pg_event_trigger_ddl_commands() as command, {schema}.watched, unnest(watched.types) as type
      where command.classid = 'pg_type'::regclass and {schema}.kind_of(command.objid) = 'enum' and {schema}.kind_of(type) = 'enum')
    then
      perform {schema}.record_everything();
    end if;

    return;
  end if;

  -- Most commands have nothing to do with it, and applications make temporary tables all the time.
  if not exists (
    select from pg_event_trigger_ddl_commands() as command
    where command.classid = 'pg_class'::regclass
      and (command.objid in (select relation from {schema}.watched_relation)
        or exists (
          select from pg_inherits join {schema}.watched_relation on relation = inhparent where inhrelid = command.objid)))
  then
    return;
  end if;

  for entry in select * from {schema}.watched where relation in (select oid from pg_class) order by relation::oid loop
    select name into lost from unnest(entry.columns) as named (name)
    where not exists (select from pg_attribute where attrelid = entry.relation and attname = name and attnum > 0 and not attisdropped);
    if found then
      raise exception using errcode = 'HS001', message = format(
        'HybridStore watches %s, and names keys by its column %I: it cannot be renamed or dropped. Stop watching it first: select %I.unwatch(''%s'').',
        entry.relation, lost, {schema_text}, entry.relation);
    end if;

    if entry.types <> array(
      select atttypid from unnest(entry.columns) with ordinality as named (name, place)
      join pg_attribute on attrelid = entry.relation and attname = name order by place)
    then
      perform {schema}.generate(entry.id);
    end if;

    -- Putting up triggers is a change too, and leads here once more.
    continue when not exists (
      (select relation from {schema}.watched_relation where watched = entry.id except select {schema}.family_of(entry.relation))
      union all
      (select {schema}.family_of(entry.relation) except select relation from {schema}.watched_relation where watched = entry.id));
    followed := {schema}.follow(entry.id);
    -- What has just been created is empty.
    if followed.went or (followed.came and tg_tag <> 'CREATE TABLE') then
      perform {schema}.record_everything();
    end if;
  end loop;
end
{body};

create or replace function {schema}.on_drop() returns event_trigger
language plpgsql security definer set search_path = pg_catalog, pg_temp as {body}
declare
  gone oid[];
  watched_id integer;
begin
  select array_agg(objid) into gone from pg_event_trigger_dropped_objects() where classid = 'pg_class'::regclass and objsubid = 0;
  if not exists (select from {schema}.watched_relation where relation = any (gone)) then
    return;
  end if;

  perform {schema}.record_everything();
  delete from {schema}.watched_relation where relation = any (gone);
  for watched_id in delete from {schema}.watched where relation = any (gone) returning id loop
    perform {schema}.forget(watched_id);
  end loop;
end
{body};

do {body}
begin
  if (select rolsuper from pg_catalog.pg_roles where rolname = current_user) then
    execute pg_catalog.format('drop event trigger if exists %I', {name_text} || '_rewrite');
    execute pg_catalog.format('drop event trigger if exists %I', {name_text} || '_change');
    execute pg_catalog.format('drop event trigger if exists %I', {name_text} || '_drop');
    execute pg_catalog.format(
      'create event trigger %I on table_rewrite execute function %I.on_rewrite()', {name_text} || '_rewrite', {schema_text});
    execute pg_catalog.format(
      'create event trigger %I on ddl_command_end '
      'when tag in (''ALTER TABLE'', ''CREATE TABLE'', ''CREATE SCHEMA'', ''ALTER TYPE'') '
      'execute function %I.on_change()',
      {name_text} || '_change', {schema_text});
    execute pg_catalog.format(
      'create event trigger %I on sql_drop execute function %I.on_drop()', {name_text} || '_drop', {schema_text});
  else
    perform pg_catalog.set_config('client_min_messages', 'notice', true);
    raise notice 'Only a superuser may create event triggers, so HybridStore installs none: install again after adding or removing partitions, and empty the cache after rewriting or dropping a watched table.';
  end if;
end
{body};
