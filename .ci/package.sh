#!/usr/bin/env bash
# The package as its users get it: a fresh project outside the repository installs the packed HybridStore from a folder and
# runs the repository class of the README on real servers.
#   .ci/package.sh [FOLDER]     the folder with the packed package (artifacts/packages); without it, the package is packed first
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export CI=true DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1

# What the package may depend on. A name more is a burden for everyone who installs it: think first, then add it here.
dependencies=(
  Dapper
  Microsoft.Extensions.Caching.Abstractions
  Microsoft.Extensions.DependencyInjection.Abstractions
  Microsoft.Extensions.Hosting.Abstractions
  Microsoft.Extensions.Logging.Abstractions
  Microsoft.Extensions.Options.ConfigurationExtensions
  Npgsql
  Polly.Core
  StackExchange.Redis
  System.IO.Hashing
)

work=$(mktemp -d "${TMPDIR:-/tmp}/hybridstore-package.XXXXXX")
servers=''

clean_up() {
  if [ -n "$servers" ] && kill -TERM "$servers" 2>/dev/null; then
    wait "$servers" || true # Its exit code after a signal says nothing.
  fi
  rm -rf "$work"
}
trap clean_up EXIT

find_package() {
  local folder=$1 version
  version=$(dotnet msbuild src/HybridStore/HybridStore.csproj -getProperty:PackageVersion)
  package=$(realpath "$folder")/HybridStore.$version.nupkg
  if [ ! -s "$package" ]; then
    echo "$package is missing: dotnet pack src/HybridStore -c Release -o $folder" >&2
    return 1
  fi
  package_version=$version
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
  local project=$1
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
    <add key="packed" value="$(dirname "$package")" />
  </packageSources>
</configuration>
XML
  local -x NUGET_PACKAGES=$work/packages
  (
    cd "$project"
    dotnet add package HybridStore --version "$package_version"
    dotnet add package Microsoft.Extensions.Hosting --version "$hosting_version" --no-restore
  ) >"$work/log" || { cat "$work/log" >&2; return 1; }
  dotnet build "$project" -c Release
  assert_this_package_is_installed
}

# Another source may have a package of the same name and version.
assert_this_package_is_installed() {
  local packed installed
  packed=$(sha512sum "$package" | cut -d ' ' -f 1)
  installed=$(sha512sum "$NUGET_PACKAGES/hybridstore/$package_version/hybridstore.$package_version.nupkg" | cut -d ' ' -f 1)
  if [ "$packed" != "$installed" ]; then
    echo "The project was given another HybridStore $package_version than the one that was packed" >&2
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
  dotnet pack src/HybridStore -c Release -o "$work/packed"
fi
find_package "${1:-$work/packed}"
hosting_version=$(version_of Microsoft.Extensions.Hosting)
source tests/servers.sh
ensure_servers
start_servers
create_project "$work/Consumer"

consumer=$work/Consumer/bin/Release/net10.0/Consumer.dll
dotnet "$consumer" contents "$package" "$(git remote get-url origin 2>/dev/null || true)" "${dependencies[@]}"
dotnet "$consumer" use
