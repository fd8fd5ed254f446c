-- From the templates of a table to the expressions that its triggers evaluate. A definition is
--   {"rowLimit": 10000, "keys": [template, ...], "tags": [template, ...]}
-- and a template is
--   {"template": "user:{id}", "literals": ["user:", ""],
--    "placeholders": [{"name": "id", "column": null or the column's name, "type": null or a .NET type, "fits": null or kinds of columns}]}

-- Which column a placeholder means: the one it is mapped to, else that of the same name, else the only one that differs in case.
create or replace function {schema}.column_of(root regclass, template text, placeholder jsonb) returns pg_catalog.pg_attribute
language plpgsql stable set search_path = pg_catalog, pg_temp as {body}
declare
  wanted constant text := coalesce(placeholder ->> 'column', placeholder ->> 'name');
  found_column pg_attribute;
  others text[];
begin
  select * into found_column from pg_attribute where attrelid = root and attnum > 0 and not attisdropped and attname = wanted;
  if found then
    return found_column;
  end if;

  if placeholder ->> 'column' is null then
    select array_agg(attname::text order by attname) into others
    from pg_attribute where attrelid = root and attnum > 0 and not attisdropped and lower(attname) = lower(wanted);
    if cardinality(others) > 1 then
      raise exception using errcode = 'HS001', message = format(
        'HybridStore cannot watch %s: the placeholder "%s" of the template "%s" could be any of the columns %s. Say which one with Column("%s", ...).',
        root, wanted, template, array_to_string(others, ', '), wanted);
    end if;

    select * into found_column from pg_attribute where attrelid = root and attnum > 0 and not attisdropped and attname = others[1];
    if found then
      return found_column;
    end if;
  end if;

  raise exception using errcode = 'HS001', message = format(
    'HybridStore cannot watch %s: it has no column "%s", which the template "%s" names. Correct the template, or say which column is meant with Column("%s", ...).',
    root, wanted, template, placeholder ->> 'name');
end
{body};

-- The expression of one template, with %s wherever the alias of the row belongs; the columns it reads; and whether the result may be
-- longer than a key may be.
create or replace function {schema}.expression_of(
  root regclass, template jsonb, out expression text, out columns name[], out types oid[], out may_be_long boolean)
language plpgsql stable set search_path = pg_catalog, pg_temp as {body}
declare
  label constant text := template ->> 'template';
  literal text;
  placeholder jsonb;
  part pg_attribute;
  kind text;
  rendering record;
  bytes integer := 0;
  parts text[] := '{}';
begin
  columns := '{}';
  types := '{}';
  for place in 0 .. jsonb_array_length(template -> 'literals') - 1 loop
    literal := template -> 'literals' ->> place;
    if literal <> '' then
      parts := parts || replace(format('%L::pg_catalog.text', literal), '%', '%%');
      bytes := bytes + octet_length(literal);
    end if;

    placeholder := template -> 'placeholders' -> place;
    continue when placeholder is null;
    part := {schema}.column_of(root, label, placeholder);
    kind := {schema}.kind_of(part.atttypid);
    if kind is null then
      raise exception using errcode = 'HS001', message = format(
        'HybridStore cannot watch %s: its column %I, which the template "%s" names, is of type %s, which has no text that is sure to be the same in .NET and in PostgreSQL. Name a column of another type, such as a generated one that holds it as text.',
        root, part.attname, label, format_type(part.atttypid, part.atttypmod));
    end if;

    if jsonb_typeof(placeholder -> 'fits') = 'array' and not placeholder -> 'fits' ? kind then
      raise exception using errcode = 'HS001', message = format(
        'HybridStore cannot watch %s: its column %I is of type %s, and the template "%s" has the type %s for it, which is written differently. Give the placeholder "%s" the type that fits the column.',
        root, part.attname, format_type(part.atttypid, part.atttypmod), label, placeholder ->> 'type', placeholder ->> 'name');
    end if;

    rendering := {schema}.rendering_of(kind, '%s.' || replace(quote_ident(part.attname), '%', '%%'));
    parts := parts || format('(%s)', rendering.expression);
    bytes := bytes + rendering.bytes;
    columns := columns || part.attname;
    types := types || part.atttypid;
  end loop;

  expression := array_to_string(parts, ' operator(pg_catalog.||) ');
  may_be_long := bytes > 1024;
end
{body};
