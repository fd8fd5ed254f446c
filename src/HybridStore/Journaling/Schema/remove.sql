-- Takes the schema away, and with its functions the triggers on all tables and the event triggers. Nothing is left behind. It locks the
-- watched tables for a moment.
select pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended('HybridStore.Schema:' || {schema_text}, 0));
set local lock_timeout = '15s';
set local client_min_messages = warning;

do {body}
declare
  event_trigger name;
begin
  -- First those that would watch the rest go.
  for event_trigger in
    select evtname from pg_catalog.pg_event_trigger
    join pg_catalog.pg_proc on pg_proc.oid = evtfoid
    join pg_catalog.pg_namespace on pg_namespace.oid = pronamespace
    where nspname = {schema_text}
  loop
    execute pg_catalog.format('drop event trigger %I', event_trigger);
  end loop;
end
{body};

drop schema if exists {schema} cascade;
