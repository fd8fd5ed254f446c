# shellcheck shell=bash
# Sourced by tests/run.sh and samples/run.sh: makes sure that PostgreSQL and Redis can be started on this machine.
# It follows the order of HybridStore.Servers: servers named by the environment, a Docker engine, server binaries.

# Runs a command as root.
as_root() {
  if [ "$(id -u)" -eq 0 ]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    echo "This needs root, and sudo is not there. Run as root: apt-get install -y postgresql redis-server" >&2
    return 1
  fi
}

docker_answers() {
  local host=${DOCKER_HOST:-unix:///var/run/docker.sock}
  if command -v docker >/dev/null; then
    timeout 5 docker version --format '{{.Server.Version}}' >/dev/null 2>&1
  elif command -v curl >/dev/null && [ "${host#unix://}" != "$host" ]; then
    curl --silent --fail --max-time 2 --unix-socket "${host#unix://}" http://docker/_ping >/dev/null 2>&1
  else
    return 1
  fi
}

has_postgres() {
  local initdb
  for initdb in /usr/lib/postgresql/*/bin/initdb; do
    [ -x "$initdb" ] && [ -x "${initdb%initdb}postgres" ] && return 0
  done
  command -v initdb >/dev/null && command -v postgres >/dev/null
}

# Runs a command and shows what it printed only if it fails.
quietly() {
  local log result=0
  log=$(mktemp)
  "$@" >"$log" 2>&1 || result=$?
  if [ "$result" -ne 0 ]; then
    cat "$log" >&2
  fi
  rm -f "$log"
  return "$result"
}

refresh_package_lists() {
  echo "Refreshing the package lists (apt-get update)"
  # A repository of somebody else's that does not answer need not matter; the installation will tell.
  quietly as_root apt-get update || echo "apt-get update has failed in part; going on." >&2
}

# Installs without starting services: each run starts servers of its own.
install_packages() {
  local policy=/usr/sbin/policy-rc.d result=0
  if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
    as_root chmod +x "$policy"
  else
    policy=
  fi
  quietly as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@" || result=$?
  if [ -n "$policy" ]; then
    as_root rm -f "$policy"
  fi
  return "$result"
}

install_postgres() {
  echo "Installing PostgreSQL (apt-get install -y postgresql)"
  install_packages postgresql-common || return
  # No database cluster of the system's own.
  as_root sed -i -E 's/^#?\s*create_main_cluster\b.*/create_main_cluster = false/' /etc/postgresql-common/createcluster.conf
  install_packages postgresql
}

install_redis() {
  echo "Installing Redis (apt-get install -y redis-server)"
  install_packages redis-server
}

ensure_servers() {
  case ${HYBRIDSTORE_TEST_SERVERS:-} in
    environment | containers) return 0 ;;
    local) ;;
    *)
      if [ -n "${HYBRIDSTORE_TEST_POSTGRES:-}" ] || [ -n "${HYBRIDSTORE_TEST_REDIS:-}" ] || docker_answers; then
        return 0
      fi
      ;;
  esac

  local missing=()
  has_postgres || missing+=(install_postgres)
  command -v redis-server >/dev/null || missing+=(install_redis)
  if [ "${#missing[@]}" -eq 0 ]; then
    return 0
  fi
  if ! command -v apt-get >/dev/null; then
    echo "PostgreSQL's server binaries or redis-server are missing, and so is apt-get. Install both, or start Docker." >&2
    return 1
  fi
  refresh_package_lists
  local step
  for step in "${missing[@]}"; do
    "$step" || return
  done
}

# What tests start on this machine wherever the other servers are: nodes of a Redis Cluster, and PgBouncer.
ensure_cluster_and_pooler() {
  local missing=()
  { command -v redis-server && command -v redis-cli; } >/dev/null || missing+=(redis-server)
  PATH="$PATH:/usr/sbin:/usr/local/sbin" command -v pgbouncer >/dev/null || missing+=(pgbouncer)
  if [ "${#missing[@]}" -eq 0 ]; then
    return 0
  fi
  if ! command -v apt-get >/dev/null; then
    echo "${missing[*]}: not installed, and apt-get is missing. The tests of Redis Cluster and PgBouncer will fail." >&2
    return 0
  fi
  refresh_package_lists
  echo "Installing servers for the tests of Redis Cluster and PgBouncer (apt-get install -y ${missing[*]})"
  install_packages "${missing[@]}"
}

# Tests on containers exist where the servers are containers; what is left out is not left out in silence.
say_whether_containers_are_tested() {
  local reason=''
  case ${HYBRIDSTORE_TEST_SERVERS:-} in
    containers) ;;
    '')
      if [ -n "${HYBRIDSTORE_TEST_POSTGRES:-}" ] || [ -n "${HYBRIDSTORE_TEST_REDIS:-}" ]; then
        reason='the environment names other servers'
      elif ! docker_answers; then
        reason='no Docker engine answers'
      fi
      ;;
    *) reason="HYBRIDSTORE_TEST_SERVERS=$HYBRIDSTORE_TEST_SERVERS" ;;
  esac
  if [ -n "$reason" ]; then
    echo "The tests on containers (Category=Containers) are not selected: $reason"
  else
    echo "The tests on containers (Category=Containers) are selected"
  fi
}

ensure_dotnet() {
  if ! command -v dotnet >/dev/null; then
    echo "The .NET SDK 10 is missing: https://dotnet.microsoft.com/download" >&2
    return 1
  fi
}
