#!/usr/bin/env bash
# The packages as their users get them: a fresh project outside the repository installs the packed packages from a folder, runs the
# repository class of the README on real servers, and tests it without any.
#   .ci/package.sh [FOLDER]     the folder with the packed packages (artifacts/packages); without it, they are packed first
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export CI=true DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1

# What HybridStore may depend on; the other packages on it, or on what is built on it, alone. A name more is a burden for everyone who
# installs it: think first, then add it here.
dependencies=(
  Dapper
  Microsoft.Extensions.Caching.Abstractions
  Microsoft.Extensions.DependencyInjection.Abstractions
  Microsoft.Extensions.Diagnostics.HealthChecks
  Microsoft.Extensions.Hosting.Abstractions
  Microsoft.Extensions.Logging.Abstractions
  Microsoft.Extensions.Options.ConfigurationExtensions
  Npgsql
  Polly.Core
  StackExchange.Redis
  System.IO.Hashing
  System.Threading.RateLimiting
)

names=(HybridStore HybridStore.Testing HybridStore.Realtime HybridStore.AspNetCore)

work=$(mktemp -d "${TMPDIR:-/tmp}/hybridstore-package.XXXXXX")
servers=''

clean_up() {
  if [ -n "$servers" ] && kill -TERM "$servers" 2>/dev/null; then
    wait "$servers" || true # Its exit code after a signal says nothing.
  fi
  rm -rf "$work"
}
trap clean_up EXIT

find_packages() {
  local folder=$1 name
  package_version=$(dotnet msbuild src/HybridStore/HybridStore.csproj -getProperty:PackageVersion)
  packages=$(realpath "$folder")
  for name in "${names[@]}"; do
    if [ ! -s "$packages/$name.$package_version.nupkg" ]; then
      echo "$packages/$name.$package_version.nupkg is missing: dotnet pack src/$name -c Release -o $folder" >&2
      return 1
    fi
  done
}

# The README's block with the repository class, as a reader copies it.
readme_repository() {
  awk '
    /^```csharp/ { inside = 1; block = ""; next }
    /^```/ { if (inside && block ~ /class ProductRepository/) { printf "%s", block; exit } inside = 0 }
    inside { block = block $0 "\n" }' README.md
}

# A version that the repository uses itself.
version_of() {
  sed -n -E "s/.*PackageVersion Include=\"$1\" Version=\"([^\"]+)\".*/\1/p" Directory.Packages.props
}

create_project() {
  local project=$1 name
  dotnet new console --output "$project" --name Consumer --framework net10.0 >/dev/null
  cp .ci/package/*.cs "$project/"
  readme_repository >"$work/ProductRepository.cs"
  if [ -s "$work/ProductRepository.cs" ]; then
    cp "$work/ProductRepository.cs" "$project/"
  else
    echo "README.md has no csharp block with class ProductRepository" >&2
    return 1
  fi

  # In addition to the machine's own sources. The folder for packages is new: no old copy can be taken for this one.
  cat >"$project/NuGet.Config" <<XML
<?xml version="1.0" encoding="utf-8"?>
<configuration>
  <packageSources>
    <add key="packed" value="$packages" />
  </packageSources>
</configuration>
XML
  local -x NUGET_PACKAGES=$work/packages
  (
    cd "$project"
    for name in "${names[@]}"; do
      dotnet add package "$name" --version "$package_version"
    done
    dotnet add package Microsoft.Extensions.Hosting --version "$hosting_version" --no-restore
  ) >"$work/log" || { cat "$work/log" >&2; return 1; }
  dotnet build "$project" -c Release
  for name in "${names[@]}"; do
    assert_this_package_is_installed "$name"
  done
}

# Another source may have a package of the same name and version.
assert_this_package_is_installed() {
  local name=$1 packed installed
  packed=$(sha512sum "$packages/$name.$package_version.nupkg" | cut -d ' ' -f 1)
  installed=$(sha512sum "$NUGET_PACKAGES/${name,,}/$package_version/${name,,}.$package_version.nupkg" | cut -d ' ' -f 1)
  if [ "$packed" != "$installed" ]; then
    echo "The project was given another $name $package_version than the one that was packed" >&2
    return 1
  fi
}

# Sets HYBRIDSTORE_TEST_POSTGRES and HYBRIDSTORE_TEST_REDIS.
start_servers() {
  local line settings=0
  mkfifo "$work/settings"
  dotnet run -c Release --project tests/HybridStore.Servers >"$work/settings" 2>"$work/servers.log" &
  servers=$!
  while [ "$settings" -lt 2 ] && read -r line; do
    case $line in
      'export '*) eval "$line"; settings=$((settings + 1)) ;;
      *) echo "$line" ;;
    esac
  done <"$work/settings"
  if [ "$settings" -lt 2 ]; then
    echo "The servers did not start:" >&2
    cat "$work/servers.log" >&2
    return 1
  fi
}

if [ "$#" -eq 0 ]; then
  for name in "${names[@]}"; do
    dotnet pack "src/$name" -c Release -o "$work/packed"
  done
fi
find_packages "${1:-$work/packed}"
hosting_version=$(version_of Microsoft.Extensions.Hosting)
source tests/servers.sh
ensure_servers
start_servers
create_project "$work/Consumer"

consumer=$work/Consumer/bin/Release/net10.0/Consumer.dll
remote=$(git remote get-url origin 2>/dev/null || true)

# contents NAME TYPE DEPENDENCY...
contents() {
  dotnet "$consumer" contents "$1" "$2" "$packages/$1.$package_version.nupkg" "$remote" "${@:3}"
}

contents HybridStore HybridStore.IHybridStore "${dependencies[@]}"
contents HybridStore.Testing HybridStore.Testing.InMemoryHybridStore HybridStore
contents HybridStore.Realtime HybridStore.Realtime.RealtimeSchema HybridStore
contents HybridStore.AspNetCore HybridStore.AspNetCore.SessionTicketExtensions HybridStore.Realtime
dotnet "$consumer" use
dotnet "$consumer" test
