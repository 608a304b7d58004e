#!/usr/bin/env bash
#
# test_certs.sh TROTH SENTENCE - the life of certificates with the real programs.
#
# Runs the one test whose name is SENTENCE with _ for each -. Each makes its own
# federation in a directory of its own (half a second) and removes it.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
troth=$1
mint=$here/../support/mint_bad.sh
domain=fed.brand.example
top=$(mktemp -d)
trap 'rm -rf "$top"' EXIT

fail() {
	echo "FAILED: $*" >&2
	exit 1
}

# says WORDS COMMAND...: the command fails, and its output has these words.
says() {
	local words=$1 out
	shift
	if out=$("$@" 2>&1 </dev/null); then
		fail "was let through: $* ($out)"
	fi
	[[ $out == *"$words"* ]] || fail "$* said \"$out\", not \"$words\""
}

# answers PATTERN COMMAND...: it succeeds, and its output has that. Not through a pipe to
# grep -q, which does not wait for the end: the command would then die of SIGPIPE.
answers() {
	local pattern=$1 out
	shift
	out=$("$@" </dev/null) || fail "$* failed"
	grep -q "$pattern" <<<"$out" || fail "$* said \"$out\", not \"$pattern\""
}

federation() {
	"$troth" certs quick "$top" --domain $domain central gw/acme/manila "$@"
}

verify() { # DIR FILE [OPTION...]
	local dir=$1 file=$2
	shift 2
	openssl verify -x509_strict -CAfile "$dir/root.pem" -untrusted "$dir/issuing.pem" \
		-crl_check_all -CRLfile "$dir/crl.pem" "$@" "$dir/$file"
}

a_good_chain_verifies_with_stock_openssl() {
	federation
	verify "$top/central" tls.pem -purpose sslserver
	verify "$top/central" tls.pem -purpose sslclient
	verify "$top/gw-acme-manila" tls.pem -purpose sslclient
	verify "$top/central" sign.pem
	verify "$top/gw-acme-manila" sign.pem
	"$troth" certs check "$top/central"
	"$troth" certs check "$top/gw-acme-manila" --domain $domain
	openssl x509 -in "$top/central/tls.pem" -noout -ext subjectAltName |
		grep -qx "    URI:spiffe://$domain/central, DNS:central.$domain" || fail names
	[[ $(openssl x509 -in "$top/gw-acme-manila/tls.pem" -noout -ext subjectAltName |
		tail -n 1) == "    URI:spiffe://$domain/gw/acme/manila" ]] || fail names
}

private_keys_are_for_their_owner_alone() {
	local key
	federation
	while read -r key; do
		[[ $(stat -c %a "$key") == 400 ]] || fail "$key: mode $(stat -c %a "$key")"
	done < <(find "$top" -name '*.key')
	[[ $(find "$top" -name '*.key' | wc -l) -eq 6 ]] || fail "want 6 keys"
	chmod 0440 "$top/central/sign.key"
	says "sign.key: mode 0440 lets others at the private key" \
		"$troth" certs check "$top/central"
}

what_root_makes_belongs_to_the_owner_of_the_directory() {
	local dir=$top/node strangers
	if [[ $(id -u) -ne 0 ]]; then
		echo "skipped: needs root, to make files for somebody else"
		exit 77
	fi
	"$troth" certs init "$top/ca" -D $domain
	mkdir "$dir"
	echo untouched >"$top/outside"
	ln -s "$top/outside" "$dir/link"
	chown nobody "$dir"
	"$troth" certs enrol "$dir" central -D $domain
	"$troth" certs sign "$top/ca" central "$dir/request" "$top/bundle" --yes
	"$troth" certs install "$dir" "$top/bundle"
	strangers=$(find "$dir" ! -user nobody)
	[[ -z $strangers ]] || fail "not of the directory's owner: $strangers"
	[[ $(stat -c %U "$top/outside") == root ]] || fail "a link was followed"
	says "issuing.pem: No such file" "$troth" certs check "$top"
}

each_bad_kind_is_refused_for_its_reason() {
	local kind words
	federation
	"$mint" good "$top/ca" gw/acme/manila "$top/good"
	"$troth" certs check "$top/good"
	while IFS=: read -r kind words; do
		"$mint" "$kind" "$top/ca" gw/acme/manila "$top/bad"
		says "$words" "$troth" certs check "$top/bad"
	done <<-'END'
		expired:tls.pem: certificate has expired
		early:tls.pem: certificate is not yet valid
		two-uris:tls.pem: certificate names more than one URI
		no-uri:tls.pem: certificate names no URI
		other-ca:tls.pem: unable to get local issuer certificate
		other-domain:tls.pem: certificate is of trust domain other.example, not fed
		sub-domain:tls.pem: certificate is of trust domain sub.fed.brand.example, not fed
		ip-san:tls.pem: excluded subtree violation
		revoked:tls.pem: certificate revoked
		stale-crl:crl.pem: stale, a revocation list ended
		no-crl:tls.pem: unable to get certificate CRL
		server-eku:tls.pem: certificate has the wrong extended key usage
		no-eku:sign.pem: certificate has the wrong extended key usage
		any-eku:sign.pem: certificate has the wrong extended key usage
		wrong-key:sign.key does not belong to
		p256-sign:sign.pem: certificate's key is not Ed25519
	END
}

stock_openssl_refuses_what_the_profile_forbids() {
	local kind words
	federation
	says "unsuitable certificate purpose" \
		verify "$top/gw-acme-manila" tls.pem -purpose sslserver
	says "unsuitable certificate purpose" \
		verify "$top/gw-acme-manila" sign.pem -purpose sslclient
	while IFS=: read -r kind words; do
		"$mint" "$kind" "$top/ca" gw/acme/manila "$top/bad"
		says "$words" verify "$top/bad" tls.pem
		says "$words" verify "$top/bad" sign.pem
	done <<-'END'
		expired:certificate has expired
		other-domain:permitted subtree violation
		sub-domain:permitted subtree violation
		ip-san:excluded subtree violation
		other-ca:unable to get local issuer certificate
		revoked:certificate revoked
		stale-crl:CRL has expired
	END
}

a_node_is_enrolled_without_its_keys_travelling() {
	local node=$top/node shown
	[[ $("$troth" certs init "$top/ca" --domain $domain) == "The CA of $domain is in $top/ca; "* ]] ||
		fail "init says nothing"
	shown=$("$troth" certs enrol "$node" gw/acme/manila --domain $domain)
	[[ $(ls "$node/request") == $'sign.csr\ntls.csr' ]] || fail "request holds more"
	says "not confirmed" "$troth" certs sign "$top/ca" gw/acme/manila "$node/request" \
		"$top/bundle"
	[[ ! -e $top/bundle ]] || fail "signed without a yes"
	shown=$("$troth" certs enrol "$node" gw/acme/manila --domain $domain)
	grep -q "its keys are gone" <<<"$shown" || fail "not told of the other request"
	echo yes | "$troth" certs sign "$top/ca" gw/acme/manila "$node/request" \
		"$top/bundle" >"$top/asked"
	# The very fingerprints that the site was shown.
	[[ $(grep -o '[0-9a-f]\{64\}' "$top/asked") == \
		$(grep -o '[0-9a-f]\{64\}' <<<"$shown") ]] || fail "fingerprints differ"
	[[ -z $(find "$top/bundle" -name '*.key') ]] || fail "a key in the bundle"
	[[ $("$troth" certs install "$node" "$top/bundle") == "$node has the keys and certificates "* ]] ||
		fail "install says nothing"
	"$troth" certs check "$node"
}

a_request_is_believed_for_its_keys_only() {
	local d=$top/forged
	"$troth" certs init "$top/ca" --domain $domain
	"$troth" certs enrol "$top/node" gw/acme/manila --domain $domain >/dev/null
	mkdir "$d"
	# Names asked for in a request are not taken over.
	openssl req -new -key "$top/node/tls.key" -subj /CN=central -out "$d/tls.csr" \
		-addext "subjectAltName=URI:spiffe://$domain/central,IP:127.0.0.1"
	cp "$top/node/request/sign.csr" "$d"
	"$troth" certs sign --yes "$top/ca" gw/acme/manila "$d" "$top/bundle"
	"$troth" certs install "$top/node" "$top/bundle"
	answers "is spiffe://$domain/gw/acme/manila" "$troth" certs check "$top/node"
	# The same keys are not certified twice, for whomever.
	says "this key was certified before" \
		"$troth" certs sign --yes "$top/ca" gw/bolt/lima "$d" "$top/second"
	# A request that its key did not sign: one bit of the signature is changed.
	"$troth" certs enrol "$top/other" gw/bolt/lima --domain $domain >/dev/null
	openssl req -in "$top/other/request/tls.csr" -outform DER -out "$top/der"
	printf '\x55' | dd of="$top/der" bs=1 conv=notrunc status=none \
		seek=$(($(stat -c %s "$top/der") - 3))
	openssl req -in "$top/der" -inform DER -out "$top/other/request/tls.csr"
	says "not a request signed by the key in it" "$troth" certs sign --yes "$top/ca" \
		gw/bolt/lima "$top/other/request" "$top/second"
	# A P-256 key where the signing key belongs.
	openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
		-keyout "$top/x.key" -subj /CN=x -out "$d/sign.csr" 2>/dev/null
	openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
		-keyout "$top/x.key" -subj /CN=x -out "$d/tls.csr" 2>/dev/null
	says "sign.csr: the key is not ED25519" \
		"$troth" certs sign --yes "$top/ca" gw/bolt/lima "$d" "$top/second"
}

a_renewal_is_proven_by_the_present_signing_key() {
	local node=$top/gw-acme-manila before
	federation gw/bolt/lima
	before=$(openssl x509 -in "$node/tls.pem" -noout -serial)
	"$troth" certs enrol "$node" gw/acme/manila --domain $domain >/dev/null
	"$troth" certs check "$node" # The old pair still stands.
	# Neither for another node, nor once a request was touched.
	says "not by a signing key" "$troth" certs renew "$top/ca" gw/bolt/lima \
		"$node/request" "$top/bundle"
	cp -r "$node/request" "$top/touched"
	echo >>"$top/touched/tls.csr"
	says "not by a signing key" "$troth" certs renew "$top/ca" gw/acme/manila \
		"$top/touched" "$top/bundle"
	"$troth" certs renew "$top/ca" gw/acme/manila "$node/request" "$top/bundle"
	"$troth" certs install "$node" "$top/bundle"
	"$troth" certs check "$node"
	[[ $(openssl x509 -in "$node/tls.pem" -noout -serial) != "$before" ]] || fail same
	[[ -z $(find "$node" -name '*.next.*') ]] || fail "a next key is left"
	# A revoked node cannot renew itself back in.
	"$troth" certs enrol "$node" gw/acme/manila --domain $domain >/dev/null
	"$troth" certs revoke "$top/ca" gw/acme/manila
	says "not by a signing key" "$troth" certs renew "$top/ca" gw/acme/manila \
		"$node/request" "$top/bundle2"
}

a_bundle_for_other_keys_is_not_installed() {
	federation gw/bolt/lima
	mkdir "$top/bundle"
	cp "$top"/gw-bolt-lima/*.pem "$top/bundle"
	says "certifies none of the keys" "$troth" certs install "$top/gw-acme-manila" \
		"$top/bundle"
	answers gw/acme/manila "$troth" certs check "$top/gw-acme-manila"
}

revocation_reaches_whoever_has_the_new_list() {
	federation gw/bolt/lima
	"$troth" certs revoke "$top/ca" gw/acme/manila --reason keyCompromise |
		grep -q "2 certificates revoked" || fail count
	"$troth" certs check "$top/gw-acme-manila" # It has the old list.
	cp "$top/ca/crl.pem" "$top/gw-acme-manila/crl.pem"
	says "tls.pem: certificate revoked" "$troth" certs check "$top/gw-acme-manila"
	says "sign.pem: certificate revoked" "$troth" certs check "$top/gw-acme-manila"
	cp "$top/ca/crl.pem" "$top/gw-bolt-lima/crl.pem"
	"$troth" certs check "$top/gw-bolt-lima"
	says "no certificate that could be revoked" \
		"$troth" certs revoke "$top/ca" gw/acme/manila
	"$troth" certs list "$top/ca" | grep -c '^revoked ' | grep -qx 2 || fail list
}

lists_are_made_afresh_without_the_root_key() {
	local before
	federation
	before=$(openssl crl -in "$top/ca/issuing/issuing.crl" -noout -crlnumber)
	mv "$top/ca/root/root.key" "$top/elsewhere.key"
	answers "the root's list stays as it was (nextUpdate" "$troth" certs crl "$top/ca"
	[[ $(openssl crl -in "$top/ca/issuing/issuing.crl" -noout -crlnumber) != "$before" ]] ||
		fail "the same list"
	cp "$top/ca/crl.pem" "$top/central/crl.pem"
	"$troth" certs check "$top/central"
}

check_says_what_will_end_soon() {
	local later
	federation
	later=$(date -u -d '+10 days' +%Y-%m-%dT%H:%M:%SZ)
	answers 'soon: .*crl.pem ends' "$troth" certs check "$top/central" --at "$later"
	later=$(date -u -d '+15 days' +%Y-%m-%dT%H:%M:%SZ)
	says "crl.pem: stale" "$troth" certs check "$top/central" --at "$later"
}

what_cannot_be_understood_ends_with_2() {
	local rc
	code() {
		rc=0
		"$@" >/dev/null 2>&1 || rc=$?
		echo $rc
	}
	[[ $(code "$troth") == 2 ]] || fail "no command"
	[[ $(code "$troth" nope) == 2 ]] || fail "unknown command"
	[[ $(code "$troth" certs nope) == 2 ]] || fail "unknown subcommand"
	[[ $(code "$troth" certs check) == 2 ]] || fail "too few"
	[[ $(code "$troth" certs check a b) == 2 ]] || fail "too many"
	[[ $(code "$troth" certs check "$top" --reason x) == 2 ]] || fail "foreign option"
	[[ $(code "$troth" certs check "$top/none") == 2 ]] || fail "no directory"
	[[ $(code "$troth" certs check "$top" --at never) == 2 ]] || fail "no time"
	[[ $(code "$troth" certs init "$top/ca") == 2 ]] || fail "no domain"
	[[ $(code "$troth" certs check "$top") == 1 ]] || fail "empty directory"
	[[ $(code env TROTH_CERTS_DIR="$top" "$troth" certs crl "$top") == 2 ]] || fail script
	[[ $(code "$troth" --help) == 0 && $(code "$troth" certs --help) == 0 ]] || fail help
	[[ $(code "$troth" certs sign --help) == 0 ]] || fail "help of sign"
	says 'no command "nope"; troth --help lists them' "$troth" nope
	says 'neither "central" nor' "$troth" certs quick "$top/q" --domain $domain gw/a
	says 'neither "central" nor' "$troth" certs quick "$top/q" --domain $domain gw/a/../b
	says "not a DNS name" "$troth" certs quick "$top/q" --domain Upper.Case central
	[[ ! -e $top/q ]] || fail "something was made"
}

sentence=${2//-/_}
declare -F "$sentence" >/dev/null || fail "no test \"$2\""
"$sentence"
