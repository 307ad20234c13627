#!/usr/bin/env bash
# Compiles the native front, twice: as it is installed, and with sanitizers for the tests. Without a C compiler that links
# statically it says so and leaves neither: the Java front does without.
# usage: native.sh SOURCE TARGET
#   SOURCE             the folder of meshnet.c
#   TARGET/meshnet     a static executable, the same bytes for the same source and compiler
#   TARGET/meshnet-sanitized
# CC names the compiler, by default cc.
set -euo pipefail

source=$1
target=$2
cc=${CC:-cc}
probe=$(mktemp -d)
trap 'rm -rf "$probe"' EXIT

strict=(-std=gnu17 -O2 -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wformat=2 -Wstrict-prototypes -Wmissing-prototypes -Werror)
hardened=(-static-pie -fPIE -fstack-protector-strong -fstack-clash-protection -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2
    '-Wl,-z,relro,-z,now,-z,noexecstack')
# No debug information, no path and no identity that depends on where it was built.
reproducible=(-g0 '-Wl,--build-id=none,--strip-all')
sanitized=(-g '-fsanitize=address,undefined' -fno-sanitize-recover=all -fno-omit-frame-pointer)

links() {
    echo 'int main(void) { return 0; }' >"$probe/empty.c"
    "$cc" "$@" -o "$probe/empty" "$probe/empty.c" 2>"$probe/errors"
}

mkdir -p "$target"
rm -f "$target/meshnet" "$target/meshnet-sanitized"
if ! links "${hardened[@]}"; then
    echo "No native front: $cc does not link statically ($(head -1 "$probe/errors"))"
    exit
fi
"$cc" "${strict[@]}" "${hardened[@]}" "${reproducible[@]}" -o "$target/meshnet" "$source/meshnet.c"
if links "${sanitized[@]}"; then
    "$cc" "${strict[@]}" "${sanitized[@]}" -o "$target/meshnet-sanitized" "$source/meshnet.c"
fi
