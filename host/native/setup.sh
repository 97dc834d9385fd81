#!/bin/sh
# Makes the language plv8 and pgvector available to this machine's PostgreSQL (Debian and its kin):
#   host/native/setup.sh            uses real plv8 where the server has it
#   HOST=native host/native/setup.sh  builds plv8_host in any case
#   PG_MAJOR=15 host/native/setup.sh  for one of several servers
# Everything it adds is listed in .penstock/native/manifest; clean.sh removes exactly that.
set -eu
. "$(dirname "$0")/common.sh"

for tool in apt-get apt-cache dpkg; do
  command -v $tool >/dev/null 2>&1 ||
    die "no $tool: this script knows Debian and its kin only. Elsewhere install PostgreSQL 15 or later with pgvector and" \
      "plv8 yourself; the embedded database and its tests need none of it."
done

mkdir -p "$work"
touch "$manifest"

updated=no
update_lists() {
  [ $updated = yes ] && return
  say "updating package lists"
  as_root apt-get update -qq >/dev/null || die "apt-get update failed"
  updated=yes
}

candidate() { apt-cache policy "$1" 2>/dev/null | sed -n 's/^  Candidate: //p' | grep -v '(none)' || true; }

installed_packages() { dpkg-query -W -f '${db:Status-Abbrev} ${binary:Package}\n' | sed -n 's/^ii *//p' | sort; }

record() { grep -qxF "$1" "$manifest" || printf '%s\n' "$1" >>"$manifest"; }

apt_install() {
  # shellcheck disable=SC2024
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >"$work/apt.log" 2>&1
}

install_packages() {
  say "installing $*"
  installed_packages >"$work/before"
  # Packages of servers must not start them: the tests start their own.
  quiet=no
  [ -e /usr/sbin/policy-rc.d ] || {
    quiet=yes
    printf '#!/bin/sh\nexit 101\n' | as_root tee /usr/sbin/policy-rc.d >/dev/null
    as_root chmod 755 /usr/sbin/policy-rc.d
  }
  failed=no
  apt_install "$@" || { update_lists && apt_install "$@"; } || failed=yes
  [ $quiet = no ] || as_root rm -f /usr/sbin/policy-rc.d
  # What came in before a failure is listed, too.
  installed_packages | comm -13 "$work/before" - | while read -r package; do record "package $package"; done
  [ $failed = no ] || die "apt-get install $* failed: $(tail -3 "$work/apt.log")"
}

# Downloads a package and unpacks it under $work/root; nothing is installed.
unpack() {
  [ -e "$work/unpacked/$1" ] && return
  mkdir -p "$work/debs" "$work/unpacked" "$work/root"
  (cd "$work/debs" && apt-get download -qq "$1" >/dev/null 2>&1) || {
    update_lists
    (cd "$work/debs" && apt-get download -qq "$1" >/dev/null 2>"$work/apt.log") ||
      die "cannot download $1: $(tail -1 "$work/apt.log")"
  }
  for deb in "$work/debs/${1%%=*}"_*.deb; do dpkg -x "$deb" "$work/root" && rm "$deb"; done
  touch "$work/unpacked/$1"
}

# Copies a file into the server's directories unless the very same is there.
place() {
  cmp -s "$1" "$2" && return
  as_root mkdir -p "$(dirname "$2")"
  [ -e "$2" ] && ! grep -qxF "file $2" "$manifest" && say "replacing $2, which another installation made"
  # A new file under the old name: running backends keep the library they have mapped.
  as_root cp "$1" "$2.new"
  as_root chmod 644 "$2.new"
  as_root mv "$2.new" "$2"
  record "file $2"
}

# ---- the server ----
tools=
command -v g++ >/dev/null 2>&1 || tools="$tools g++"
command -v make >/dev/null 2>&1 || tools="$tools make"
pg_config=$(find_server)
if [ -z "$pg_config" ]; then
  [ -n "$(candidate postgresql)" ] || update_lists
  server=postgresql-${PG_MAJOR:-$(apt-cache depends postgresql | sed -n 's/.*Depends: postgresql-\([0-9]*\)$/\1/p' | head -1)}
  # No cluster comes into being with the package; `make db` makes one of its own.
  settings=/etc/postgresql-common/createcluster.d
  as_root mkdir -p $settings
  echo "create_main_cluster = false" | as_root tee $settings/penstock.conf >/dev/null
  install_packages "$server" $tools
  as_root rm -f $settings/penstock.conf
  as_root rmdir --ignore-fail-on-non-empty $settings
  pg_config=$(find_server)
  [ -n "$pg_config" ] || die "no PostgreSQL server under /usr/lib/postgresql after installing $server"
elif [ -n "$tools" ]; then
  install_packages $tools
fi
major=$("$pg_config" --version | sed 's/[^0-9]*\([0-9]*\).*/\1/')
[ "$major" -ge 15 ] || die "PostgreSQL $major is too old: 15 or later is needed"
library_dir=$("$pg_config" --pkglibdir)
extension_dir=$("$pg_config" --sharedir)/extension

# ---- the server's headers, unpacked beside when the development package is not installed ----
pgxs=$("$pg_config" --pgxs)
server_include=$("$pg_config" --includedir-server)
if [ ! -e "$pgxs" ] || [ ! -e "$server_include/postgres.h" ]; then
  version=$(dpkg-query -W -f '${Version}' "postgresql-$major" 2>/dev/null || true)
  package=postgresql-server-dev-$major
  if [ ! -e "$work/root$server_include/postgres.h" ]; then
    if apt-cache madison "$package" 2>/dev/null | grep -qF " $version "; then package="$package=$version"; fi
    unpack "$package"
  fi
  # The makefiles come with the server's own packages, or with the one unpacked.
  [ -e "$pgxs" ] || pgxs=$work/root$pgxs
  server_include=$work/root$server_include
fi

# ---- the language ----
if [ -e "$extension_dir/plv8.control" ] && [ "${HOST:-}" != native ]; then
  say "PostgreSQL $major has plv8 itself; nothing to build (HOST=native builds plv8_host all the same)"
else
  # libnode-dev conflicts with other builds of Node, so it is unpacked, never installed.
  [ -n "$(candidate libnode-dev)" ] || update_lists
  [ -n "$(candidate libnode-dev)" ] || die "this distribution has no libnode-dev package, whose V8 plv8_host is built on"
  libnode=$(apt-cache depends libnode-dev | sed -n 's/.*Depends: \(libnode[0-9]*\)$/\1/p' | head -1)
  unpack libnode-dev
  unpack "$libnode"
  library=$(find "$work/root/usr/lib" -name 'libnode.so.*' | head -1)
  libraries=$(dirname "$library")
  missing() { LD_LIBRARY_PATH=$libraries ldd "$library" | sed -n 's/^\t*\([^ ]*\) => not found$/\1/p'; }
  if [ -n "$(missing)" ]; then
    for package in $(apt-cache depends "$libnode" | sed -n 's/.*Depends: \(lib[^ <>]*\)$/\1/p'); do
      dpkg-query -W -f '${db:Status-Abbrev}' "$package" 2>/dev/null | grep -q '^ii' || unpack "$package"
    done
  fi
  [ -z "$(missing)" ] || die "$libnode needs libraries that its packages do not bring: $(missing | tr '\n' ' ')"
  say "building plv8_host on V8 of $libnode for PostgreSQL $major"
  cat >"$work/build.mk" <<MAKE
V8_INCLUDE = $work/root/usr/include/node
V8_LIBDIR = $libraries
V8_LIBRARY = $(basename "$library")
SERVER_INCLUDE = $server_include
MAKE
  make -s -j"$(nproc)" -C "$here" WORK="$work" || die "building plv8_host failed"
  place "$work/out/plv8_host.so" "$library_dir/plv8_host.so"
  place "$library" "$library_dir/plv8_host/$(basename "$library")"
  record "directory $library_dir/plv8_host"
  # Libraries that only the unpacked packages have go beside it, under the names it asks for.
  LD_LIBRARY_PATH=$libraries ldd "$library" | sed -n "s|^\t*\([^ ]*\) => $libraries/.*|\1|p" | while read -r name; do
    place "$libraries/$name" "$library_dir/plv8_host/$name"
  done
  place "$here/plv8_host.control" "$extension_dir/plv8_host.control"
  place "$here/plv8_host--1.0.sql" "$extension_dir/plv8_host--1.0.sql"
fi

# ---- pgvector ----
if [ -e "$extension_dir/vector.control" ]; then
  say "PostgreSQL $major has pgvector"
elif [ -n "$(candidate "postgresql-$major-pgvector")" ]; then
  install_packages "postgresql-$major-pgvector"
else
  # The source package of the release after this one, through a list of sources of its own that is derived from
  # the machine's: the system's lists stay as they are.
  . /etc/os-release
  next=sid
  found=no
  for release in bookworm trixie forky sid; do
    [ $found = yes ] && next=$release && break
    [ "$release" = "${VERSION_CODENAME:-}" ] && found=yes
  done
  [ $found = yes ] || die "no package postgresql-$major-pgvector, and no newer release is known for ${PRETTY_NAME:-this system}"
  mkdir -p "$work/apt/lists/partial" "$work/apt/cache/archives/partial" "$work/pgvector"
  keyring=
  for file in /usr/share/keyrings/debian-archive-keyring.gpg /usr/share/keyrings/debian-archive-keyring.pgp; do
    [ -e $file ] && keyring="[signed-by=$file]"
  done
  apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' |
    awk -v keyring="$keyring" -v release="${VERSION_CODENAME:-}" -v next_release=$next \
      '$2 == release && $3 == "main" { print "deb-src", keyring, $1, next_release, $3; exit }' >"$work/apt/sources.list"
  [ -s "$work/apt/sources.list" ] || die "cannot derive a source of $next from this machine's apt configuration"
  own_apt() {
    apt-get -qq -o Dir::Etc::sourcelist="$work/apt/sources.list" -o Dir::Etc::sourceparts=/dev/null \
      -o Dir::State::lists="$work/apt/lists" -o Dir::Cache="$work/apt/cache" -o APT::Sandbox::User=root "$@"
  }
  say "fetching pgvector's source package of $next"
  own_apt update >"$work/apt.log" 2>&1 || die "apt-get update for $next failed: $(tail -1 "$work/apt.log")"
  (cd "$work/pgvector" && own_apt source --download-only pgvector >"$work/apt.log" 2>&1) ||
    die "apt-get source pgvector failed: $(tail -1 "$work/apt.log")"
  rm -rf "$work/pgvector/source"
  mkdir -p "$work/pgvector/source"
  tar -xf "$(ls "$work"/pgvector/pgvector_*.orig.tar.* | grep -v '\.asc$' | sort -V | tail -1)" -C "$work/pgvector/source" --strip-components=1
  say "building pgvector"
  # OPTFLAGS: for any machine of this architecture, not only this one.
  vector_make() {
    make -s -j"$(nproc)" -C "$work/pgvector/source" with_llvm=no OPTFLAGS= PG_CONFIG="$pg_config" PGXS="$pgxs" \
      includedir_server="$server_include" "$@" >"$work/pgvector/make.log" 2>&1 ||
      die "building pgvector failed: $(tail -3 "$work/pgvector/make.log")"
  }
  vector_make
  vector_make install DESTDIR="$work/pgvector/stage"
  (cd "$work/pgvector/stage" && find "./$library_dir" "./$extension_dir" -type f) | sed 's|^\./*|/|' >"$work/pgvector/files"
  while read -r file; do place "$work/pgvector/stage$file" "$file"; done <"$work/pgvector/files"
fi

# ---- what the tests put beside a server: pooler, exporter, scheduler, false clock, networks, linter of C++ ----
wanted=
for package in pgbouncer prometheus-postgres-exporter "postgresql-$major-cron" libfaketime iproute2 cppcheck; do
  dpkg-query -W -f '${db:Status-Abbrev}' "$package" 2>/dev/null | grep -q '^ii' && continue
  [ -n "$(candidate "$package")" ] || update_lists
  if [ -n "$(candidate "$package")" ]; then wanted="$wanted $package"; else say "no package $package; the tests that need it are skipped"; fi
done
# Together, else one by one, in a shell of their own: a package that cannot be installed costs its tests, not the rest.
# shellcheck disable=SC2086
if [ -n "$wanted" ] && ! (install_packages $wanted); then
  for package in $wanted; do
    (install_packages "$package") || say "no $package; the tests that need it are skipped"
  done
fi

say "ready: PostgreSQL $major with $([ -e "$extension_dir/plv8.control" ] && echo plv8 || echo plv8_host) and pgvector"
