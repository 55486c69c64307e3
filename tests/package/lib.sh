# SPDX-License-Identifier: GPL-2.0-only OR MIT
#
# Packages in a system that may be changed: tests/package/system and .../guest.
# Who reads this has set $system, the directory of the system, with its /proc, /dev,
# /run and /tmp; $packages, where they are; $number, of the verdict before; and
# $layer, a directory for what is noted.
# shellcheck shell=sh disable=SC2154

out=$layer/out

verdict() {
	status=$?
	number=$((number + 1))
	if [ $status -eq 0 ]; then
		echo "ok $number - $1"
	else
		echo "not ok $number - $1"
		sed 's/^/# /' "$out" | tail -n 20
	fi
}

in_system() {
	chroot "$system" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin \
		LANG=C.UTF-8 DEBIAN_FRONTEND=noninteractive HOME=/root "$@" \
		>"$out" 2>&1
}

# Everything but what dpkg itself keeps of what happened, and the key that DKMS
# makes for the machine.
files() {
	(cd "$system" && find . -xdev ! -path './tmp*' ! -path './run*' \
		! -path './var/lib/dpkg/*' ! -path './var/log/*' \
		! -path './var/cache/*' ! -path './var/lib/dkms/mok.*' ! -name '*.pyc' ! -name __pycache__ | sort)
	cat "$system/etc/group" "$system/etc/passwd"
}

install_packages() {
	cp "$packages"/*.deb "$system/tmp"
	files >"$layer/before"
	in_system sh -c 'dpkg -i /tmp/*.deb'
	verdict "the packages are installed"
}

purge_packages() {
	in_system dpkg -P sono-dkms sono-tools libsono-dev libsono1
	verdict "the packages are purged"
	files >"$layer/after"
	diff "$layer/before" "$layer/after" | grep '^[-+<>][^-+]' >"$out"
	# users and groups stay on purpose, so that their files never become another's
	! grep -v '^[+>] \?sonod\?:' "$out"
	verdict "and nothing of them is left"
}
