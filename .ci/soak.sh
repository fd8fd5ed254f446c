#!/usr/bin/env bash
# The soak of .ci/run, from what is built: a minute of the store in which nothing may be found, and a short run of plain cache-aside in
# which something must be. A checker that finds nothing there would prove nothing.
#   .ci/soak.sh
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1

soak() {
  dotnet run -c Release --no-build --project tests/HybridStore.Consistency -- "$@"
}

soak --seconds 60

# 1 is the code for "violations found"; whatever else comes out is a failure, 0 too.
result=0
soak --seconds 20 --protocol naive || result=$?
if [ "$result" -ne 1 ]; then
  echo "Plain cache-aside ended with code $result: it has to be found stale, or the soak finds nothing." >&2
  exit 1
fi
