#!/bin/sh
# Removes exactly what setup.sh added, as its manifest lists it.
set -eu
. "$(dirname "$0")/common.sh"

[ -e "$manifest" ] || {
  say "nothing to remove: no $manifest"
  exit 0
}

sed -n 's/^file //p' "$manifest" | while read -r file; do
  as_root rm -f "$file"
  say "removed $file"
done
sed -n 's/^directory //p' "$manifest" | while read -r directory; do
  as_root rmdir --ignore-fail-on-non-empty "$directory" 2>/dev/null || true
done
packages=$(sed -n 's/^package //p' "$manifest" | tr '\n' ' ')
if [ -n "$packages" ]; then
  # shellcheck disable=SC2086
  as_root env DEBIAN_FRONTEND=noninteractive apt-get purge -y -qq $packages >/dev/null ||
    die "apt-get purge failed; the manifest $manifest is kept"
  say "removed packages: $packages"
fi
rm -rf "$work"
