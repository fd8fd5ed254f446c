-- The trigger functions of a table, one for each kind of statement, put together so that nothing is looked up when they run.
--
-- Most statements change one row, so these come first, in one INSERT without aggregates: they take a quarter off the cost. More rows are
-- the second attempt, and more than the limit a single row that stands for everything. No row at all writes nothing, and then the
-- transaction gets no id either.

-- Leaves out of a list of expressions, for one row, what an earlier one gives already.
create or replace function {schema}.distinct_names(names text[]) returns text
language sql immutable set search_path = pg_catalog, pg_temp as {body}
  select case
    when cardinality(names) = 0 then '''{}''::pg_catalog.text[]'
    else format(
      'pg_catalog.array_remove(array[%s], null)',
      (
        select string_agg(
          case
            when place = 1 then name
            else format(
              'case when %s then null else %s end',
              (select string_agg(format('%s = %s', name, names[earlier]), ' or ') from generate_series(1, place::integer - 1) earlier),
              name)
          end, ', ' order by place)
        from unnest(names) with ordinality as listed (name, place)))
  end
{body};

-- The names of a row as columns: k1, k2, ... for keys and t1, t2, ... for tags, with a suffix.
create or replace function {schema}.names_of(expressions text[], letter text, suffix text, alias text) returns text[]
language sql immutable set search_path = pg_catalog, pg_temp as {body}
  select coalesce(array_agg(
    format('%s as %s%s%s', replace(replace(replace(expression, '%%', chr(1)), '%s', alias), chr(1), '%'), letter, place, suffix)
    order by place), '{}')
  from unnest(expressions) with ordinality as listed (expression, place)
{body};

-- All different names in columns such as k1 and k2.
create or replace function {schema}.union_of(letter text, columns integer) returns text
language sql immutable set search_path = pg_catalog, pg_temp as {body}
  select coalesce(
    string_agg(format('select %s%s as name from names', letter, n), ' union ') || case columns when 1 then ' group by name' else '' end,
    'select null::text as name where false')
  from generate_series(1, columns) as n
{body};

create or replace function {schema}.body_of(operation text, keys text[], tags text[], may_be_long boolean, row_limit integer)
returns text
language plpgsql immutable set search_path = pg_catalog, pg_temp as {body}
declare
  -- An UPDATE that moves a row to another partition may find a trigger there that lets nothing in: then only the old row exists.
  counted constant text := case operation when 'insert' then 'new_rows' else 'old_rows' end;
  single_names text[];
  single_from text;
  key_columns text[];
  tag_columns text[];
  all_columns text[];
  rows_of_many text;
  source text;
begin
  if operation = 'update' then
    single_names := {schema}.names_of(keys, 'k', 'o', 'o') || {schema}.names_of(keys, 'k', 'n', 'n')
      || {schema}.names_of(tags, 't', 'o', 'o') || {schema}.names_of(tags, 't', 'n', 'n');
    single_from := 'old_rows as o, new_rows as n';
    rows_of_many := format(
      'select %s from old_rows as o union all select %s from new_rows as n',
      array_to_string({schema}.names_of(keys, 'k', '', 'o') || {schema}.names_of(tags, 't', '', 'o'), ', '),
      array_to_string({schema}.names_of(keys, 'k', '', 'n') || {schema}.names_of(tags, 't', '', 'n'), ', '));
  else
    single_names := {schema}.names_of(keys, 'k', 'n', 'n') || {schema}.names_of(tags, 't', 'n', 'n');
    single_from := counted || ' as n';
    rows_of_many := format(
      'select %s from %s as n',
      array_to_string({schema}.names_of(keys, 'k', '', 'n') || {schema}.names_of(tags, 't', '', 'n'), ', '),
      counted);
  end if;

  all_columns := array(select substring(name from ' as (\S+)$') from unnest(single_names) as listed (name));
  key_columns := array(select name from unnest(all_columns) as listed (name) where name like 'k%');
  tag_columns := array(select name from unnest(all_columns) as listed (name) where name like 't%');

  -- Offset 0 keeps the planner from evaluating a name again wherever it is used.
  source := format(
    'select %s from %s where not exists (select from %s offset 1) offset 0', array_to_string(single_names, ', '), single_from, counted);
  if may_be_long then
    source := format(
      'select %s from (%s) as raw offset 0',
      (
        select string_agg(format('case when octet_length(%1$s) <= 1024 then %1$s end as %1$s', name), ', ')
        from unnest(all_columns) as listed (name)),
      source);
  end if;

  return format(
    $text$
begin
  insert into %1$s.journal (keys, tags, skipped)
  select %2$s, %3$s, %4$s
  from (%5$s) as one;

  if not found then
    if not exists (select from %6$s) then
      return null;
    elsif exists (select from %6$s offset %7$s) then
      insert into %1$s.journal (everything) values (true);
    else
      insert into %1$s.journal (keys, tags, skipped)
      with
        names as materialized (%8$s),
        keys as (
          select array_agg(name) as list, chunk
          from (
            select name, (row_number() over () - 1) / 1000 as chunk from (%9$s) as named where octet_length(name) <= 1024) as numbered
          group by chunk),
        tags as (
          select array_agg(name) as list, chunk
          from (
            select name, (row_number() over () - 1) / 1000 as chunk from (%10$s) as named where octet_length(name) <= 1024) as numbered
          group by chunk),
        chunks as (select 0 as chunk union select chunk from keys union select chunk from tags)
      select
        coalesce(keys.list, '{}'),
        coalesce(tags.list, '{}'),
        case when chunk = 0 then (select %11$s from names) else 0 end
      from chunks left join keys using (chunk) left join tags using (chunk);
    end if;
  end if;

  if pg_catalog.pg_sequence_last_value(%12$L::pg_catalog.regclass)
      < pg_catalog.date_part('epoch', pg_catalog.clock_timestamp()) * 1e6 then
    if pg_catalog.pg_sequence_last_value(%12$L::pg_catalog.regclass)
        > pg_catalog.date_part('epoch', pg_catalog.clock_timestamp()) * 1e6 - 3e7 then
      perform pg_catalog.pg_notify(%13$L, '');
    end if;
  end if;

  return null;
end
$text$,
    quote_ident({schema_text}),
    {schema}.distinct_names(key_columns),
    {schema}.distinct_names(tag_columns),
    (select string_agg(format('(%s is null)::integer', name), ' + ') from unnest(all_columns) as listed (name)),
    source,
    counted,
    row_limit,
    rows_of_many,
    {schema}.union_of('k', cardinality(keys)),
    {schema}.union_of('t', cardinality(tags)),
    (
      select string_agg(format('count(*) filter (where (octet_length(%1$s) <= 1024) is not true)', name), ' + ')
      from unnest(
        array(select 'k' || n from generate_series(1, cardinality(keys)) as n)
        || array(select 't' || n from generate_series(1, cardinality(tags)) as n)) as listed (name)),
    {bell_text},
    {schema_text});
end
{body};

-- Puts the four triggers on one table, unless they stand there already: it locks out writers for a moment.
create or replace function {schema}.arm(watched_id integer, target regclass) returns void
language plpgsql set search_path = pg_catalog, pg_temp as {body}
declare
  operation text;
  trigger_name name;
  function_name text;
begin
  if not exists (select from pg_class where oid = target and relkind in ('r', 'p') and relpersistence = 'p') then
    raise exception using errcode = 'HS001', message = format(
      'HybridStore cannot watch %s: only ordinary and partitioned tables can be, and neither views nor foreign, temporary or unlogged tables, where changes leave no trace.',
      target);
  end if;

  foreach operation in array array['insert', 'update', 'delete', 'truncate'] loop
    trigger_name := format('%s_%s_%s', {name_text}, watched_id, operation);
    function_name := case operation
      when 'truncate' then format('%I.truncated', {schema_text})
      else format('%I.changed_%s_%s', {schema_text}, watched_id, operation)
    end;
    continue when exists (
      select from pg_trigger
      where tgrelid = target and tgname = trigger_name and tgenabled = 'A' and tgfoid = to_regproc(function_name));
    execute format(
      'create or replace trigger %I after %s on %s %s for each statement execute function %s()',
      trigger_name, operation, target,
      case operation
        when 'insert' then 'referencing new table as new_rows'
        when 'update' then 'referencing old table as old_rows new table as new_rows'
        when 'delete' then 'referencing old table as old_rows'
        else ''
      end,
      function_name);
    execute format('alter table only %s enable always trigger %I', target, trigger_name);
  end loop;
end
{body};

create or replace function {schema}.disarm(watched_id integer, target regclass) returns void
language plpgsql set search_path = pg_catalog, pg_temp as {body}
declare
  operation text;
begin
  foreach operation in array array['insert', 'update', 'delete', 'truncate'] loop
    execute format('drop trigger if exists %I on %s', format('%s_%s_%s', {name_text}, watched_id, operation), target);
  end loop;
end
{body};
