# Shared by setup.sh and clean.sh. Everything that is not built into the server lies under $work.
here=$(cd "$(dirname "$0")" && pwd)
checkout=$(cd "$here/../.." && pwd)
work=${PENSTOCK_WORK:-$checkout/.penstock}/native
manifest=$work/manifest

say() { printf '%s\n' "native: $*"; }

die() {
  printf '%s\n' "native: $*" >&2
  exit 1
}

# Runs a command as root.
as_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  elif command -v sudo >/dev/null 2>&1; then
    sudo "$@"
  else
    die "this needs root: $*  (run as root or install sudo)"
  fi
}

# The newest PostgreSQL server of the distribution, or the one of $PG_MAJOR.
find_server() {
  for config in $(ls -d /usr/lib/postgresql/${PG_MAJOR:-[0-9]*}/bin/pg_config 2>/dev/null | sort -t/ -k5,5nr); do
    if [ -x "$(dirname "$config")/postgres" ]; then
      echo "$config"
      return
    fi
  done
}
