# SPDX-License-Identifier: GPL-2.0-only OR MIT
#
# shellcheck shell=sh disable=SC2154
# What root, build-root and enter share. Sourced with $top set to the tree.

env_dir=$top/tests/env
cache=${SONO_CACHE:-${XDG_CACHE_HOME:-${HOME:?}/.cache}/sonoring}
begin=$(date +%s)

say() {
	printf '[%4d s] %s\n' $(($(date +%s) - begin)) "$*" >&2
}

die() {
	echo "sonoring: $*" >&2
	exit 1
}

# A change of the pins or of how the root is made gives another root.
root_key() {
	cat "$env_dir/packages" "$env_dir/build-root" | sha256sum | cut -c1-12
}

root_path() {
	echo "$cache/root-$(root_key)"
}

inside_root() {
	[ "${SONO_ROOT-}" = / ] || [ -e /etc/sonoring-root ]
}

# Prints the unshare options with which we may mount and chroot: none extra as
# root, a user namespace with a full range of ids otherwise.
namespace_options() {
	if [ "$(id -u)" -eq 0 ]; then
		return 0
	fi
	unshare --help 2>&1 | grep -q -e --map-auto ||
		die "rootless use needs unshare with --map-auto (util-linux 2.38 or newer); or run as root"
	command -v newuidmap >/dev/null ||
		die "rootless use needs newuidmap (Debian package uidmap); or run as root"
	unshare --map-root-user --map-auto true 2>/dev/null ||
		die "rootless use needs user namespaces and a line for $(id -un) in /etc/subuid and /etc/subgid; or run as root"
	echo "--map-root-user --map-auto"
}
