# shellcheck shell=bash
# Sourced by .ci/run: a Docker engine with images of both servers for Testcontainers, on a machine that has neither.
#   start_containers_engine   uses the engine that answers, or installs and starts one of its own; sees to the images
#   stop_containers_engine    ends that engine, if one was started (for a trap)
# An engine of its own has its own folder, socket and bridge and leaves the machine's firewall alone: several can run.

source tests/servers.sh
source .ci/images/images.sh

engine_folder=''
engine_bridge=''

start_containers_engine() {
  if docker_answers; then
    echo "Containers: a Docker engine answers and is used"
  else
    install_engine
    start_engine
  fi
  ensure_images
}

install_engine() {
  # A user's PATH may lack the folders of system programs.
  export PATH="$PATH:/usr/sbin:/sbin"
  local missing=()
  command -v dockerd >/dev/null || missing+=(docker.io)
  command -v iptables >/dev/null || missing+=(iptables)
  command -v ip >/dev/null || missing+=(iproute2)
  if [ "${#missing[@]}" -eq 0 ]; then
    return 0
  fi
  if ! command -v apt-get >/dev/null; then
    echo "No Docker engine answers, and it can be installed here only with apt-get, which is missing. Start Docker." >&2
    return 1
  fi
  echo "Installing a Docker engine (apt-get install -y ${missing[*]})"
  refresh_package_lists
  install_packages "${missing[@]}"
}

start_engine() {
  local started=$SECONDS
  engine_folder=$(mktemp -d "${TMPDIR:-/tmp}/hybridstore-docker.XXXXXX")
  chmod 755 "$engine_folder"
  add_bridge
  # Published ports on 127.0.0.1 are served by Docker's own proxy: no firewall rule and no forwarding is needed.
  as_root dockerd --data-root "$engine_folder/data" --exec-root "$engine_folder/exec" --pidfile "$engine_folder/pid" \
    --host "unix://$engine_folder/docker.sock" --group "$(id -gn)" --bridge "$engine_bridge" \
    --iptables=false --ip-forward=false --ip-masq=false >"$engine_folder/log" 2>&1 &
  local launched=$!
  export DOCKER_HOST="unix://$engine_folder/docker.sock"
  unset DOCKER_CONTEXT
  until docker_answers; do
    if ! kill -0 "$launched" 2>/dev/null || [ $((SECONDS - started)) -gt 60 ]; then
      echo "The Docker engine did not start. Its log ends:" >&2
      tail -n 20 "$engine_folder/log" >&2
      return 1
    fi
    sleep 0.2
  done
  # Testcontainers' reaper is not needed: the engine ends, and its containers with it.
  export TESTCONTAINERS_RYUK_DISABLED=true
  use_api_of_old_engine
  echo "Containers: a Docker engine of this run's own is up after $((SECONDS - started)) s"
}

# Clients begin with a newer API than that of Docker 20.10, and not all of them step back.
use_api_of_old_engine() {
  case $(docker version --format '{{.Server.Version}}') in
    20.10.*) export DOCKER_API_VERSION=1.41 ;;
  esac
}

# The first free network of a range; making the bridge also reserves it.
add_bridge() {
  local number network
  for number in $(seq 0 99); do
    network=10.213.$number
    if ! ip -4 route show match "$network.1" | grep -qv '^default' &&
      as_root ip link add "hybridstore$number" type bridge 2>/dev/null; then
      engine_bridge=hybridstore$number
      as_root ip addr add "$network.1/24" dev "$engine_bridge"
      as_root ip link set "$engine_bridge" up
      return 0
    fi
  done
  echo "No network bridge could be made for a Docker engine (ip link add ... type bridge)." >&2
  return 1
}

stop_containers_engine() {
  local process=''
  remove_build_folder
  if [ -z "$engine_folder" ]; then
    return 0
  fi
  if [ -s "$engine_folder/pid" ]; then
    process=$(cat "$engine_folder/pid")
    as_root kill -TERM "$process" || true # It may have ended by itself.
    local tries=0
    while [ -d "/proc/$process" ] && [ "$tries" -lt 150 ]; do
      sleep 0.2
      tries=$((tries + 1))
    done
    if [ -d "/proc/$process" ]; then
      echo "The Docker engine (process $process) does not end; it is killed" >&2
      as_root kill -KILL "$process" || true
    fi
  fi
  if [ -n "$engine_bridge" ]; then
    as_root ip link delete "$engine_bridge"
  fi
  as_root rm -rf --one-file-system "$engine_folder"
  engine_folder='' engine_bridge=''
}
