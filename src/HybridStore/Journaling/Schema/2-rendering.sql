-- How the value of a column is written in a key. It is what KeyTemplate writes in .NET, character by character: see KeyValueFormats and
-- KeyEscaping there.

-- A text with control characters, which hardly ever come.
create or replace function {schema}.escape_controls(value text) returns text
language sql immutable parallel safe set search_path = pg_catalog, pg_temp as {body}
  select coalesce(string_agg(
    case
      when character collate "C" ~ '[%:{}\u0001-\u001F\u007F-\u009F]' then
        regexp_replace(upper(encode(convert_to(character, 'UTF8'), 'hex')), '(..)', '%\1', 'g')
      else character
    end, '' order by position), '')
  from regexp_split_to_table(value collate "C", '') with ordinality as split (character, position)
{body};

create or replace function {schema}.escape_plain(value text) returns text
language sql immutable parallel safe set search_path = pg_catalog, pg_temp as {body}
  select case
    when value collate "C" ~ '[\u0001-\u001F\u007F-\u009F]' then {schema}.escape_controls(value)
    else replace(replace(replace(replace(value collate "C", '%', '%25'), ':', '%3A'), '{', '%7B'), '}', '%7D')
  end
{body};

-- Small enough that the planner puts it in where it is called. In the collation "C", since some collations know no regular expressions.
create or replace function {schema}.escape(value text) returns text
language sql immutable parallel safe as {body}
  select case
    when value collate pg_catalog."C" operator(pg_catalog.~) '[%:{}\u0001-\u001F\u007F-\u009F]' then {schema}.escape_plain(value)
    else value
  end
{body};

-- The kind of a type, by which it is rendered and compared with the .NET types; null: it cannot stand in a key.
create or replace function {schema}.kind_of(type oid) returns text
language plpgsql stable set search_path = pg_catalog, pg_temp as {body}
declare
  base pg_type;
begin
  select * into base from pg_type where oid = type;
  while base.typtype = 'd' loop
    select * into base from pg_type where oid = base.typbasetype;
  end loop;

  return case
    when base.oid in ('int2'::regtype, 'int4'::regtype, 'int8'::regtype) then 'integer'
    when base.oid in ('text'::regtype, 'varchar'::regtype, 'bpchar'::regtype, 'name'::regtype) then 'text'
    when base.typtype = 'e' then 'enum'
    when base.typname = 'citext' and base.typcategory = 'S' then 'text'
    when base.oid in (
      'uuid'::regtype, 'numeric'::regtype, 'bool'::regtype, 'date'::regtype, 'time'::regtype, 'timestamptz'::regtype,
      'timestamp'::regtype) then base.typname::text
  end;
end
{body};

-- The expression that renders a column, and how many bytes it gives at most. What .NET cannot hold (a date before the year 1, a number
-- that is none) is null. Infinite dates are what Npgsql reads in their place.
create or replace function {schema}.rendering_of(kind text, operand text, out expression text, out bytes integer)
language plpgsql immutable set search_path = pg_catalog, pg_temp as {body}
begin
  case kind
    when 'integer' then
      expression := format('%s::pg_catalog.int8::pg_catalog.text', operand);
      bytes := 20;
    when 'text' then
      expression := format('%I.escape(%s::pg_catalog.text collate pg_catalog."C")', {schema_text}, operand);
    when 'enum' then
      -- Not by a cast, which the owner of the type could have replaced by a function of his own.
      expression := format(
        '%I.escape(pg_catalog.enum_out(%s)::pg_catalog.text collate pg_catalog."C")', {schema_text}, operand);
    when 'uuid' then
      expression := format('%s::pg_catalog.uuid::pg_catalog.text', operand);
      bytes := 36;
    when 'bool' then
      expression := format('%s::pg_catalog.bool::pg_catalog.text', operand);
      bytes := 5;
    when 'numeric' then
      expression := format(
        'case when %1$s <> ''NaN''::pg_catalog.numeric and %1$s < ''Infinity''::pg_catalog.numeric '
        'and %1$s > ''-Infinity''::pg_catalog.numeric then pg_catalog.trim_scale(%1$s)::pg_catalog.text end',
        operand || '::pg_catalog.numeric');
    when 'date' then
      expression := format(
        'case when %1$s >= ''0001-01-01''::pg_catalog.date and %1$s <= ''9999-12-31''::pg_catalog.date '
        'then pg_catalog.to_char(%1$s::pg_catalog.timestamp, ''YYYY-MM-DD'') '
        'when %1$s = ''infinity''::pg_catalog.date then ''9999-12-31'' '
        'when %1$s = ''-infinity''::pg_catalog.date then ''0001-01-01'' end',
        operand || '::pg_catalog.date');
      bytes := 10;
    when 'time' then
      expression := format('pg_catalog.to_char(%s::pg_catalog.interval, ''HH24MISS.US'')', operand || '::pg_catalog.time');
      bytes := 13;
    else
      expression := format(
        'case when %1$s >= ''0001-01-01''::pg_catalog.timestamp and %1$s < ''10000-01-01''::pg_catalog.timestamp '
        'then pg_catalog.to_char(%1$s, ''YYYYMMDD"T"HH24MISS.US"Z"'') '
        'when %1$s = ''infinity''::pg_catalog.timestamp then ''99991231T235959.999999Z'' '
        'when %1$s = ''-infinity''::pg_catalog.timestamp then ''00010101T000000.000000Z'' end',
        case kind
          when 'timestamp' then operand || '::pg_catalog.timestamp'
          else format('pg_catalog.timezone(''UTC'', %s::pg_catalog.timestamptz)', operand)
        end);
      bytes := 23;
  end case;

  -- Texts and numbers have no bound of their own that matters here.
  bytes := coalesce(bytes, 1000000);
end
{body};
