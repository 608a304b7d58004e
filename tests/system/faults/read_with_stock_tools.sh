#!/usr/bin/env bash
#
# read_with_stock_tools.sh STORE PROTO SKU WORDS - a store, read without troth.
#
# STORE is a copy that `mdb_copy -c` made, of central's store or a gateway's; PROTO
# the directory of the .proto files. Uses lmdb-utils, protoc, coreutils and awk and
# nothing else, as doc/disk-format.md shows it. Finds the promise of SKU, checks its
# verdict and that what was said was WORDS; where there are leaf hashes (central),
# each is the SHA-256 of 00 and the entry.
set -euo pipefail

[[ $# -eq 4 ]] || {
	sed -n '3,/^set /s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2
	exit 2
}
store=$1 proto=$2 sku=$3 words=$4
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

fail() {
	echo "FAILED: $store: $*" >&2
	exit 1
}

binary() { # hex on stdin
	tr -d ' \n' | tr a-f A-F | basenc -d --base16
}

value() { # TABLE KEY: the value, in hex
	awk -v key="$2" 'found { print $1; exit } $1 == key { found = 1 }' "$tmp/$1"
}

# Key and value of each record, line by line, from one dump of everything.
mdb_dump -a "$store" >"$tmp/all"
awk -v out="$tmp" '
	/^database=/ { table = substr($0, 10) }
	/^HEADER=END/ { data = 1; next }
	/^DATA=END/ { data = 0 }
	data { print $1 >(out "/" table) }' "$tmp/all"
touch "$tmp/entries" "$tmp/hashes"

count() { # TABLE: records dumped, which must be as many as mdb_stat counts
	local dumped stated
	dumped=$(($(wc -l <"$tmp/$1") / 2))
	stated=$(mdb_stat -s "$1" "$store" | awk '/Entries:/ { print $2 }')
	[[ $dumped -eq $stated ]] || fail "$1: $dumped dumped, $stated there"
	echo "$dumped"
}

entries=$(count entries)
[[ $entries -gt 0 ]] || fail "no entries"
hashes=0
if grep -q '^database=hashes$' "$tmp/all"; then
	hashes=$(count hashes)
	[[ $hashes -eq $entries ]] || fail "$entries entries, $hashes hashes"
fi

found=0
while read -r key && read -r entry; do
	binary <<<"$entry" >"$tmp/entry"
	protoc --decode=troth.view.Entry -I "$proto" troth/v1/ledger_view.proto \
		<"$tmp/entry" >"$tmp/text" || fail "entry $key: protoc cannot read it"
	if [[ $hashes -gt 0 ]]; then
		leaf=$( (printf '\0' && cat "$tmp/entry") | sha256sum | cut -d ' ' -f 1)
		kept=$(value hashes "$key")
		[[ ${kept:0:64} == "$leaf" ]] || fail "entry $key: its leaf hash is another"
	fi
	grep -A4 '^  promise_made {' "$tmp/text" | grep -q "^    sku: \"$sku\"$" || continue
	found=$((found + 1))
	grep -A1 '^verdict {' "$tmp/text" | grep -q '^  outcome: 1$' ||
		fail "entry $key: the verdict is another: $(tail -n 5 "$tmp/text")"
	# The words stand beside it, and the body has their hash.
	value blobs "$key" | binary >"$tmp/blob"
	protoc --decode=troth.v1.Personal -I "$proto" troth/v1/event.proto \
		<"$tmp/blob" | grep -qF "words: \"$words\"" || fail "entry $key: other words"
	sum=$(sha256sum <"$tmp/blob" | cut -d ' ' -f 1)
	grep -q "$sum" <<<"$entry" || fail "entry $key: the body does not bind its words"
done <"$tmp/entries"
[[ $found -eq 1 ]] || fail "$found promises of $sku"
echo "$entries entries, $hashes hashes, one promise of $sku"
