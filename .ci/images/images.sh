# shellcheck shell=bash
# Sourced by .ci/docker.sh: images of PostgreSQL and Redis for the Docker engine. The official ones where they are there
# or can be pulled; else the same servers from the packages of this machine's own Debian or Ubuntu archive, kept in a
# cache under a name that changes with the recipe and with the packages.

official_postgres=postgres:17
official_redis=redis:7.4
image_packages=(postgresql redis-server)
images_cache=${XDG_CACHE_HOME:-$HOME/.cache}/hybridstore-ci
build_folder=''

ensure_images() {
  if [ -n "${HYBRIDSTORE_TEST_POSTGRES_IMAGE:-}" ] && [ -n "${HYBRIDSTORE_TEST_REDIS_IMAGE:-}" ]; then
    echo "Images: $HYBRIDSTORE_TEST_POSTGRES_IMAGE and $HYBRIDSTORE_TEST_REDIS_IMAGE, as asked for"
    return 0
  fi
  if ! command -v docker >/dev/null; then
    echo "Images: Testcontainers pulls them (there is no docker command to look for them)"
    return 0
  fi
  if has_image "$official_postgres" && has_image "$official_redis"; then
    echo "Images: $official_postgres and $official_redis"
    return 0
  fi
  echo "Images: no registry has given $official_postgres and $official_redis; packages are used instead"
  provide_packaged_images
}

# Whether the engine has an image, or gets it from a registry.
has_image() {
  docker image inspect "$1" >/dev/null 2>&1 || timeout 120 docker pull --quiet "$1" >/dev/null 2>&1
}

provide_packaged_images() {
  local started=$SECONDS suite key archive
  suite=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
  if [ -z "$suite" ] || ! command -v apt-get >/dev/null; then
    echo "Images can be made from packages on Debian and Ubuntu only. Make a registry reachable, or name images in" \
      "HYBRIDSTORE_TEST_POSTGRES_IMAGE and HYBRIDSTORE_TEST_REDIS_IMAGE." >&2
    return 1
  fi

  key=$(images_key "$suite")
  archive=$images_cache/images-$key.tar
  export HYBRIDSTORE_TEST_POSTGRES_IMAGE=hybridstore-ci/postgres:$key
  export HYBRIDSTORE_TEST_REDIS_IMAGE=hybridstore-ci/redis:$key
  if [ -s "$archive" ] && docker load --quiet --input "$archive" >/dev/null; then
    touch "$archive"
    echo "Images: loaded from the cache in $((SECONDS - started)) s"
    return 0
  fi

  build_images "$suite"
  mkdir -p "$images_cache"
  docker save --output "$archive.$$" "$HYBRIDSTORE_TEST_POSTGRES_IMAGE" "$HYBRIDSTORE_TEST_REDIS_IMAGE"
  mv -f "$archive.$$" "$archive"
  find "$images_cache" -name 'images-*' -mtime +30 -delete
  echo "Images: built from the packages of $suite and cached in $((SECONDS - started)) s"
}

# What the images are made of: this recipe and the packages that the archive has.
images_key() {
  if [ -z "$(candidates)" ]; then
    refresh_package_lists >&2
  fi
  { cat .ci/images/*.sh; echo "$1 $(dpkg --print-architecture)"; candidates; } | sha256sum | cut -c 1-16
}

candidates() {
  local package
  for package in "${image_packages[@]}"; do
    apt-cache show --no-all-versions "$package" 2>/dev/null | awk '/^(Package|Version):/ { print $2 }'
    apt-cache depends "$package" 2>/dev/null | awk '/Depends:/ { print $2 }' | xargs -r apt-cache show --no-all-versions 2>/dev/null |
      awk '/^(Package|Version):/ { print $2 }'
  done
}

# The archive that apt is set up with, for a suite.
archive_of() {
  # shellcheck disable=SC2016 # These are apt's own placeholders.
  apt-get indextargets --format '$(RELEASE) $(CODENAME) $(SITE)' 'Created-By: Packages' |
    awk -v suite="$1" '$1 == suite || $2 == suite { print $3; exit }'
}

build_images() {
  local suite=$1 mirror proxy=''
  if ! command -v debootstrap >/dev/null; then
    echo "Installing debootstrap (apt-get install -y debootstrap)"
    refresh_package_lists
    install_packages debootstrap
  fi
  mirror=$(archive_of "$suite")
  if [ -z "$mirror" ]; then
    echo "apt is not set up with an archive of $suite (apt-get indextargets lists none)." >&2
    return 1
  fi
  eval "$(apt-config shell proxy Acquire::http::Proxy)"
  if [ "$proxy" = DIRECT ]; then
    proxy=''
  fi

  build_folder=$(mktemp -d "${TMPDIR:-/tmp}/hybridstore-images.XXXXXX")
  echo "Images: building from the packages of $suite"
  as_root env ${proxy:+"http_proxy=$proxy"} debootstrap --variant=minbase --components=main,universe \
    --include="$(IFS=,; echo "${image_packages[*]}")" "$suite" "$build_folder/root" "$mirror" >"$build_folder/log" 2>&1 ||
    { tail -n 20 "$build_folder/log" >&2; return 1; }
  import_images "$build_folder/root"
  remove_build_folder
}

# Also for a trap: a build may end early.
remove_build_folder() {
  if [ -n "$build_folder" ]; then
    as_root rm -rf --one-file-system "$build_folder"
    build_folder=''
  fi
}

import_images() {
  local root=$1 base binaries
  # What no server needs (PostgreSQL does without the compiler of expressions), and the package's own database cluster.
  as_root rm -rf "$root"/var/cache/apt "$root"/var/lib/apt/lists "$root"/usr/share/{doc,man,locale} \
    "$root"/usr/lib/*/libLLVM* "$root"/usr/lib/llvm-* "$root"/usr/lib/postgresql/*/lib/{llvmjit*,bitcode} \
    "$root"/var/lib/postgresql/*/main "$root"/etc/postgresql/*/main
  as_root install -m 755 .ci/images/postgres-entrypoint.sh "$root/usr/local/bin/postgres-entrypoint"
  binaries=$(cd "$root" && echo usr/lib/postgresql/*/bin)
  as_root tar -C "$root" --exclude=./dev --exclude=./proc --exclude=./sys -c . |
    docker import --change "ENV PATH=/$binaries:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" - hybridstore-ci/base >/dev/null

  base=$(docker create hybridstore-ci/base true)
  docker commit --change 'ENTRYPOINT ["postgres-entrypoint"]' --change 'CMD ["postgres"]' --change 'EXPOSE 5432' \
    "$base" "$HYBRIDSTORE_TEST_POSTGRES_IMAGE" >/dev/null
  docker commit --change 'CMD ["redis-server", "--protected-mode", "no"]' --change 'EXPOSE 6379' \
    "$base" "$HYBRIDSTORE_TEST_REDIS_IMAGE" >/dev/null
  docker rm "$base" >/dev/null
}
