#!/usr/bin/env bash
# Runs the Storefront sample on real servers, after making sure that they can be started. Arguments go to the sample:
#   samples/run.sh --serve      keeps it running
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source tests/servers.sh

ensure_dotnet
ensure_servers
exec dotnet run -c Release --project samples/Storefront -- "$@"
