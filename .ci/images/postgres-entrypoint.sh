#!/bin/sh
# The entry point of the PostgreSQL image, with the official image's settings: makes the database cluster from
# POSTGRES_USER, POSTGRES_PASSWORD and POSTGRES_DB when the container starts for the first time, then becomes the server.
set -eu
: "${POSTGRES_USER:=postgres}" "${POSTGRES_PASSWORD:?Set POSTGRES_PASSWORD to the password of the superuser.}"
: "${POSTGRES_DB:=$POSTGRES_USER}" "${PGDATA:=/var/lib/postgresql/data}"
export PGDATA

# Settings alone mean the server.
case ${1:--} in
  -*) set -- postgres "$@" ;;
esac

# initdb and postgres refuse to run as root.
if [ "$(id -u)" -eq 0 ]; then
  install -d -o postgres -g postgres -m 700 "$PGDATA"
  install -d -o postgres -g postgres -m 775 /var/run/postgresql
  exec setpriv --reuid=postgres --regid=postgres --init-groups "$0" "$@"
fi

# The marker comes last: a container that was killed meanwhile begins again.
if [ ! -e "$PGDATA/initialized" ]; then
  find "$PGDATA" -mindepth 1 -delete
  password=$(mktemp)
  printf '%s\n' "$POSTGRES_PASSWORD" >"$password"
  initdb --username="$POSTGRES_USER" --pwfile="$password" --auth-host=scram-sha-256 --auth-local=trust \
    --encoding=UTF8 --locale=C.UTF-8 --no-sync
  rm "$password"
  echo "listen_addresses = '*'" >>"$PGDATA/postgresql.conf"
  echo "host all all all scram-sha-256" >>"$PGDATA/pg_hba.conf"
  if [ "$POSTGRES_DB" != postgres ]; then
    echo "create database \"$POSTGRES_DB\"" | postgres --single -j template1
  fi
  : >"$PGDATA/initialized"
fi

exec "$@"
