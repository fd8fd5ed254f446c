#!/usr/bin/env bash
# Runs all tests, after making sure that there are servers for them. Arguments go to dotnet test, such as
#   tests/run.sh --project tests/HybridStore.Tests
#   tests/run.sh --filter-class '*FaultProxyTests'
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source tests/servers.sh

ensure_dotnet
ensure_servers
ensure_cluster_and_pooler
say_whether_containers_are_tested

# One project after the other: several at once keep each other from answering in time, which some tests are about.
arguments=(-c Release --max-parallel-test-modules 1)
case " $* " in
  *' --project '* | *' --solution '* | *' --test-modules '*) ;;
  *) arguments+=(--solution HybridStore.sln) ;;
esac
case " $* " in
  # A filter may leave a project without a test (exit code 8); that any test ran is checked below.
  *' --filter'*) arguments+=(--ignore-exit-code 8) ;;
esac

output=$(mktemp)
trap 'rm -f "$output"' EXIT
result=0
dotnet test "${arguments[@]}" "$@" 2>&1 | tee "$output" || result=$?

# Sums every summary that dotnet test has printed, with or without colours.
summary=$(sed -E 's/\x1b\[[0-9;]*[A-Za-z]//g' "$output" | awk '
  /Test run summary/ { inside = 1 }
  inside && $1 == "succeeded:" { passed += $2 }
  inside && $1 == "failed:" { failed += $2 }
  inside && $1 == "skipped:" { skipped += $2 }
  inside && $1 == "duration:" { inside = 0 }
  END { print passed + 0, failed + 0, skipped + 0 }')
read -r passed failed skipped <<<"$summary"

if [ "$result" -eq 0 ] && { [ "$failed" -ne 0 ] || [ $((passed + failed)) -eq 0 ]; }; then
  result=1
fi
echo "$passed passed, $failed failed, $skipped skipped"
exit "$result"
