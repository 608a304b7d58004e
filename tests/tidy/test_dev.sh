#!/usr/bin/env bash
#
# test_dev.sh SENTENCE - what ./dev does about packages, with programs of our own in
# the place of dpkg-query, id, sudo and apt-get. Installs nothing.
set -euo pipefail

dev=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)/dev
box=$(mktemp -d)
trap 'rm -rf "$box"' EXIT
mkdir "$box/bin"
touch "$box/called"

fake() { # NAME: a program of that name does what stdin says
	{
		echo '#!/bin/bash'
		cat
	} >"$box/bin/$1"
	chmod +x "$box/bin/$1"
}

fail() {
	echo "$*"
	echo "--- it said:"
	cat "$box/said"
	echo "--- it called:"
	cat "$box/called"
	exit 1
}

missing='' # The one package that is not there.
user=1000
setup() { # ARG...: ./dev setup build, without a terminal; sets code
	fake dpkg-query <<<"[[ \${*: -1} == '$missing' ]] || echo installed"
	fake id <<<"echo $user"
	fake apt-get <<<"echo \"apt-get \$*\" >>'$box/called'"
	fake sudo <<<"echo \"sudo \$*\" >>'$box/called'; \"\$@\""
	code=0
	PATH="$box/bin:$PATH" "$dev" setup build </dev/null >"$box/said" 2>&1 || code=$?
}

expect() { # CODE
	[[ $code -eq $1 ]] || fail "exit code $code, not $1"
}

called() {
	grep -qE -- "$1" "$box/called" || fail "did not call: $1"
}

nothing-is-installed-when-everything-is-there() {
	setup
	expect 0
	[[ ! -s $box/called ]] || fail "called something"
}

only-what-is-missing-is-installed() {
	missing=libnng-dev user=0
	CI='' setup
	expect 0
	called '^apt-get install .*-y .*libnng-dev$'
	! grep -qE 'sudo|libssl-dev' "$box/called" || fail "installed more, or by sudo"
}

without-an-answer-sudo-is-not-used() {
	missing=libnng-dev
	CI='' setup
	expect 1
	[[ ! -s $box/called ]] || fail "called something"
	grep -q 'apt-get install libnng-dev' "$box/said" || fail "does not say what to do"
}

in-ci-nobody-is-asked() {
	missing=libnng-dev
	CI=true setup
	expect 0
	called '^sudo .*apt-get install .*libnng-dev$'
}

every-command-is-in-the-help() {
	local c
	"$dev" help >"$box/said"
	for c in setup demo test sim faults bench replay lint fuzz package help; do
		grep -q "^  \./dev $c" "$box/said" || fail "help does not know $c"
	done
}

what-is-no-command-is-refused() {
	code=0
	"$dev" fly >"$box/said" 2>&1 || code=$?
	expect 1
	grep -q '"fly"' "$box/said" || fail "does not name it"
}

"$1"
