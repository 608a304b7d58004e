#!/usr/bin/env bash
#
# pki.sh - the federation's certificates: a root, an issuing CA, and for every
# node a TLS leaf and a signing leaf. `troth certs` is the friendly way in.
#
#   at headquarters (CA is the directory of both CAs)
#     pki.sh init    CA DOMAIN                 make root, issuing CA, empty lists
#     pki.sh sign    [-y] [-d DNS] CA NODE REQUEST BUNDLE
#                                              first certificates of a node; asks
#                                              for the fingerprints unless -y
#     pki.sh renew   [-d DNS] CA NODE REQUEST BUNDLE
#                                              the next ones; proven by the node's
#                                              present signing key, asks nobody
#     pki.sh revoke  CA NODE REASON            all certificates of a node
#     pki.sh crl     CA                        fresh revocation lists (the root's
#                                              only where root/root.key is present)
#     pki.sh list    CA                        what was issued, and its fate
#   at the site (DIR is the node's certificate directory)
#     pki.sh request DIR DOMAIN NODE           make keys, leave DIR/request/
#     pki.sh install DIR BUNDLE                put a bundle into place
#   for tests and demonstrations
#     pki.sh quick   DIR DOMAIN NODE...        DIR/ca and a directory per node
#
# NODE is "central" or "gw/<party>/<site>". Private keys are made where they are
# used, mode 0400, and never travel. Nothing in a request but its keys is believed.
set -euo pipefail
umask 077

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
config=$here/ca.cnf

root_days=3650
issuing_days=1825
tls_days=90
sign_days=397
root_crl_days=190
issuing_crl_days=14

# Boxes have clocks of their own: what is signed now is valid since an hour ago.
start=$(date -u -d '1 hour ago' +%Y%m%d%H%M%SZ)

# ca.cnf reads all of these, whatever the command.
export TROTH_CA='' TROTH_DOMAIN='' TROTH_SPIFFE='' TROTH_DNS=''

die() {
	echo "troth certs: $*" >&2
	exit 1
}

usage() {
	sed -n '3,/^set /s/^# \{0,1\}//p' "$here/pki.sh" >&2
	exit 2
}

# Runs a command; its chatter appears only if it fails.
quiet() {
	local said
	said=$("$@" 2>&1) || die "$1 $2 failed: $said"
}

days_from_now() {
	date -u -d "$1 days" +%Y%m%d%H%M%SZ
}

check_domain() {
	local label='[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?'
	[[ $1 =~ ^$label(\.$label)*$ && ${#1} -le 122 ]] ||
		die "trust domain \"$1\": not a DNS name in lower case"
}

check_node() {
	local name='[A-Za-z0-9][A-Za-z0-9._-]{0,31}'
	[[ $1 == central || $1 =~ ^gw/$name/$name$ ]] ||
		die "node \"$1\": neither \"central\" nor \"gw/<party>/<site>\""
}

# The subject of a node's leaf for $2 (tls or sign), as index.txt has it.
subject_of() {
	local kind party site
	IFS=/ read -r kind party site <<<"$1"
	if [[ $kind == central ]]; then
		echo "/O=central/CN=central $2"
	else
		echo "/O=$party/OU=$site/CN=gw $2"
	fi
}

new_key() { # FILE tls|sign
	local alg=(-algorithm ED25519)
	[[ $2 == sign ]] || alg=(-algorithm EC -pkeyopt ec_paramgen_curve:P-256)
	rm -f "$1"
	quiet openssl genpkey "${alg[@]}" -out "$1"
	chmod 0400 "$1"
}

# Puts stdin into a file, complete or not at all.
put() { # FILE MODE
	cat >"$1.new"
	chmod "$2" "$1.new"
	mv -f "$1.new" "$1"
}

key_id() { # FILE OPENSSL-COMMAND...: SHA-256 of the public key
	local file=$1
	shift
	openssl "$@" -in "$file" -noout -pubkey | openssl pkey -pubin -outform DER |
		openssl sha256 -r | cut -c1-64
}

# --- at headquarters --------------------------------------------------------

open_ca() {
	TROTH_CA=$(cd "$1" 2>/dev/null && pwd) || die "$1: no such directory"
	[[ -f $TROTH_CA/domain ]] || die "$1: not a CA directory; make one with init"
	TROTH_DOMAIN=$(cat "$TROTH_CA/domain")
	exec 9>>"$TROTH_CA/lock"
	flock -w 60 9 || die "$1: another pki.sh is at work there"
}

# The root's key spends its life offline; while it is away its last list stands.
write_crls() {
	[[ ! -f $TROTH_CA/root/root.key ]] || quiet openssl ca -config "$config" -name root_ca -gencrl -crl_lastupdate "$start" \
		-crl_nextupdate "$(days_from_now $root_crl_days)" \
		-out "$TROTH_CA/root/root.crl"
	write_issuing_crl
}

write_issuing_crl() {
	quiet openssl ca -config "$config" -name issuing_ca -gencrl \
		-crl_lastupdate "$start" \
		-crl_nextupdate "$(days_from_now $issuing_crl_days)" \
		-out "$TROTH_CA/issuing/issuing.crl"
	cat "$TROTH_CA/root/root.crl" "$TROTH_CA/issuing/issuing.crl" |
		put "$TROTH_CA/crl.pem" 0644
}

# Makes root or issuing CA $1, known as $2, signed by the root, for $3 days.
new_ca() {
	local dir=$TROTH_CA/$1 self=()
	mkdir -p "$dir/certs"
	: >"$dir/index.txt"
	echo 01 >"$dir/crlnumber"
	new_key "$dir/$1.key" tls
	quiet openssl req -new -config "$config" -key "$dir/$1.key" -out "$dir/$1.csr"
	[[ $1 != root ]] || self=(-selfsign -keyfile "$dir/$1.key")
	quiet openssl ca -batch -notext -config "$config" -name root_ca "${self[@]}" \
		-extensions "x_$1" -subj "/O=$TROTH_DOMAIN/CN=$2" -startdate "$start" \
		-enddate "$(days_from_now "$3")" -in "$dir/$1.csr" -out "$dir/$1.pem"
	chmod 0444 "$dir/$1.pem"
	rm -f "$dir/$1.csr"
}

cmd_init() {
	[[ $# -eq 2 ]] || usage
	check_domain "$2"
	[[ ! -e $1/domain ]] || die "$1: there is a CA already"
	mkdir -p "$1"
	TROTH_CA=$(cd "$1" && pwd)
	TROTH_DOMAIN=$2
	new_ca root "troth root R1" $root_days
	new_ca issuing "troth issuing I1" $issuing_days
	: >"$TROTH_CA/issuing/keys.txt"
	write_crls
	echo "$2" | put "$TROTH_CA/domain" 0444
	[[ -z ${TROTH_QUICK:-} ]] || return 0
	echo "The CA of $2 is in $1; carry $1/root/root.key away to where it is safe"
}

# Refuses a request whose holder cannot sign with its key, or whose key is not
# of the kind, or was certified before (a replayed or copied request).
check_csr() { # REQUEST-DIR tls|sign
	local csr=$1/$2.csr want='ED25519' text id
	[[ $2 == sign ]] || want='NIST CURVE: P-256'
	[[ -f $csr ]] || die "$csr: no such file"
	[[ $(stat -c %s "$csr") -le 16384 ]] || die "$csr: larger than 16384 bytes"
	# OpenSSL 3.0 exits with 0 whatever it finds; only its words tell.
	text=$(openssl req -in "$csr" -noout -verify 2>&1) || true
	[[ $text == *"verify OK"* ]] || die "$csr: not a request signed by the key in it"
	text=$(openssl req -in "$csr" -noout -text)
	[[ $text == *"$want"* ]] || die "$csr: the key is not $want"
	id=$(key_id "$csr" req)
	! grep -qx "$id" "$TROTH_CA/issuing/keys.txt" ||
		die "$csr: this key was certified before; make a new request"
}

issue() { # REQUEST-DIR tls|sign PROFILE DAYS NODE OUT
	rm -f "$6"
	quiet openssl ca -batch -notext -config "$config" -name issuing_ca \
		-extensions "$3" -subj "$(subject_of "$5" "$2")" -startdate "$start" \
		-enddate "$(days_from_now "$4")" -in "$1/$2.csr" -out "$6"
	[[ -s $6 ]] || die "$1/$2.csr: openssl ca did not sign it"
	key_id "$1/$2.csr" req >>"$TROTH_CA/issuing/keys.txt"
}

write_bundle() { # NODE REQUEST-DIR BUNDLE DNS
	local tls=x_tls_gw
	[[ $1 != central ]] || tls=x_tls_central
	TROTH_SPIFFE=spiffe://$TROTH_DOMAIN/$1
	TROTH_DNS=$4
	mkdir -p "$3"
	issue "$2" tls "$tls" $tls_days "$1" "$3/tls.leaf"
	issue "$2" sign x_sign $sign_days "$1" "$3/sign.leaf"
	cat "$3/tls.leaf" "$TROTH_CA/issuing/issuing.pem" | put "$3/tls.pem" 0444
	put "$3/sign.pem" 0444 <"$3/sign.leaf"
	put "$3/root.pem" 0444 <"$TROTH_CA/root/root.pem"
	put "$3/issuing.pem" 0444 <"$TROTH_CA/issuing/issuing.pem"
	put "$3/crl.pem" 0644 <"$TROTH_CA/crl.pem"
	rm -f "$3/tls.leaf" "$3/sign.leaf"
}

confirm() { # REQUEST-DIR NODE
	local answer
	echo "Request for spiffe://$TROTH_DOMAIN/$2. The site's officer must read out"
	echo "  tls key  $(key_id "$1/tls.csr" req)"
	echo "  sign key $(key_id "$1/sign.csr" req)"
	read -r -p "Are these the very same? (yes/no) " answer || answer=no
	[[ $answer == yes ]] || die "not confirmed: nothing was signed"
}

dns='' yes=''
options() {
	local o OPTIND=1
	while getopts 'yd:' o; do
		case $o in
		y) yes=1 ;;
		d) dns=$OPTARG ;;
		*) usage ;;
		esac
	done
	shifted=$((OPTIND - 1))
}

dns_name() {
	local name=${dns:-central.$TROTH_DOMAIN}
	[[ $name =~ ^[a-z0-9.-]+$ && .$name == *".$TROTH_DOMAIN" ]] ||
		die "DNS name \"$name\": not inside the trust domain $TROTH_DOMAIN"
	echo "$name"
}

cmd_sign() {
	options "$@"
	shift "$shifted"
	[[ $# -eq 4 ]] || usage
	local name
	check_node "$2"
	open_ca "$1"
	name=$(dns_name)
	check_csr "$3" tls
	check_csr "$3" sign
	[[ -n $yes ]] || confirm "$3" "$2"
	write_bundle "$2" "$3" "$4" "$name"
	echo "Send $4 back to $2; it holds no secret"
}

renewal_text() { # NODE DOMAIN REQUEST-DIR: what a renewal's signature covers
	printf 'troth-renew-v1\nspiffe://%s/%s\n' "$2" "$1"
	cat "$3/tls.csr" "$3/sign.csr"
}

# Serials of a node's unrevoked leaves with subject $1.
valid_serials() {
	awk -F '\t' -v s="$1" '$1 == "V" && $6 == s { print $4 }' \
		"$TROTH_CA/issuing/index.txt"
}

check_renewal() { # NODE REQUEST-DIR
	local serial cert text pub
	[[ -f $2/renew.sig ]] || die "$2/renew.sig: missing; a first request needs sign"
	text=$(mktemp)
	pub=$(mktemp)
	# shellcheck disable=SC2064 # The names are known now.
	trap "rm -f '$text' '$pub'" EXIT
	renewal_text "$1" "$TROTH_DOMAIN" "$2" >"$text"
	for serial in $(valid_serials "$(subject_of "$1" sign)"); do
		cert=$TROTH_CA/issuing/certs/$serial.pem
		openssl x509 -in "$cert" -noout -checkend 0 >/dev/null || continue
		openssl x509 -in "$cert" -noout -pubkey >"$pub"
		if openssl pkeyutl -verify -pubin -inkey "$pub" -rawin -in "$text" \
			-sigfile "$2/renew.sig" >/dev/null 2>&1; then
			return
		fi
	done
	die "$2/renew.sig: not by a signing key that is now valid for $1"
}

cmd_renew() {
	options "$@"
	shift "$shifted"
	[[ $# -eq 4 ]] || usage
	local name
	check_node "$2"
	open_ca "$1"
	name=$(dns_name)
	check_csr "$3" tls
	check_csr "$3" sign
	check_renewal "$2" "$3"
	write_bundle "$2" "$3" "$4" "$name"
	echo "Send $4 back to $2; it holds no secret"
}

cmd_revoke() {
	[[ $# -eq 3 ]] || usage
	local use serial found=0
	check_node "$2"
	case $3 in
	unspecified | keyCompromise | affiliationChanged | superseded | cessationOfOperation) ;;
	*) die "reason \"$3\": want unspecified, keyCompromise, affiliationChanged," \
		"superseded or cessationOfOperation" ;;
	esac
	open_ca "$1"
	for use in tls sign; do
		for serial in $(valid_serials "$(subject_of "$2" "$use")"); do
			quiet openssl ca -config "$config" -name issuing_ca -revoke \
				"$TROTH_CA/issuing/certs/$serial.pem" -crl_reason "$3"
			found=$((found + 1))
		done
	done
	[[ $found -gt 0 ]] || die "$2: has no certificate that could be revoked"
	write_issuing_crl
	echo "$2: $found certificates revoked; send $TROTH_CA/crl.pem to every node"
}

cmd_crl() {
	[[ $# -eq 1 ]] || usage
	open_ca "$1"
	write_crls
	[[ -f $TROTH_CA/root/root.key ]] ||
		echo "Without $TROTH_CA/root/root.key the root's list stays as it was ($(
			openssl crl -in "$TROTH_CA/root/root.crl" -noout -nextupdate))"
	echo "Send $TROTH_CA/crl.pem to every node"
}

cmd_list() {
	[[ $# -eq 1 ]] || usage
	open_ca "$1"
	awk -F '\t' 'BEGIN { fate["V"] = "issued"; fate["R"] = "revoked"; fate["E"] = "expired" }
		{ printf "%-8s ends 20%s-%s-%s  %s  %s\n", fate[$1], substr($2, 1, 2),
		  substr($2, 3, 2), substr($2, 5, 2), $4, $6 }' "$TROTH_CA/issuing/index.txt"
}

# --- at the site --------------------------------------------------------------

# What root makes in a node's directory is for its owner, the daemon's user.
hand_over() { # DIR
	[[ $(id -u) -ne 0 ]] ||
		find "$1" -mindepth 1 -maxdepth 2 -exec chown -h --reference="$1" {} +
}

cmd_request() {
	[[ $# -eq 3 ]] || usage
	local dir=$1 next='' use
	check_domain "$2"
	check_node "$3"
	# With certificates in place the new keys wait beside them until they are signed.
	[[ ! -e $dir/sign.pem ]] || next=.next
	[[ ! -e $dir/request || -n ${TROTH_QUICK:-} ]] ||
		echo "The request in $dir and its keys are gone: what is signed of it cannot be installed"
	rm -rf "$dir/request"
	mkdir -p "$dir/request"
	for use in tls sign; do
		new_key "$dir/$use$next.key" "$use"
		quiet openssl req -new -config "$config" -key "$dir/$use$next.key" \
			-out "$dir/request/$use.csr"
	done
	if [[ -n $next ]]; then
		renewal_text "$3" "$2" "$dir/request" >"$dir/request/renew.txt"
		quiet openssl pkeyutl -sign -inkey "$dir/sign.key" -rawin \
			-in "$dir/request/renew.txt" -out "$dir/request/renew.sig"
		rm -f "$dir/request/renew.txt"
	fi
	hand_over "$dir"
	[[ -z ${TROTH_QUICK:-} ]] || return 0
	echo "Send $dir/request to headquarters; read out over the phone"
	for use in tls sign; do
		printf '  %-4s key %s\n' "$use" "$(key_id "$dir/request/$use.csr" req)"
	done
}

# Which key file a bundle's certificate belongs to; every file is checked before
# the first is moved.
key_for() { # DIR BUNDLE tls|sign
	local id key
	id=$(key_id "$2/$3.pem" x509)
	for key in "$1/$3.next.key" "$1/$3.key"; do
		[[ -f $key ]] || continue
		if [[ $(openssl pkey -in "$key" -pubout -outform DER | openssl sha256 -r |
			cut -c1-64) == "$id" ]]; then
			echo "$key"
			return
		fi
	done
	die "$2/$3.pem: certifies none of the keys in $1"
}

cmd_install() {
	[[ $# -eq 2 ]] || usage
	local dir=$1 bundle=$2 f
	declare -A key
	for f in root.pem issuing.pem crl.pem tls.pem sign.pem; do
		[[ -f $bundle/$f ]] || die "$bundle/$f: missing"
	done
	if [[ -f $dir/root.pem ]]; then
		cmp -s "$dir/root.pem" "$bundle/root.pem" ||
			die "$bundle/root.pem: differs from the root in $dir; replace" \
				"that by hand if it is meant"
	fi
	key[tls]=$(key_for "$dir" "$bundle" tls)
	key[sign]=$(key_for "$dir" "$bundle" sign)
	for f in root.pem issuing.pem crl.pem; do
		put "$dir/$f" 0444 <"$bundle/$f"
	done
	chmod 0644 "$dir/crl.pem"
	for f in tls sign; do
		[[ ${key[$f]} == "$dir/$f.key" ]] || mv -f "${key[$f]}" "$dir/$f.key"
		put "$dir/$f.pem" 0444 <"$bundle/$f.pem"
	done
	rm -rf "$dir/request"
	hand_over "$dir"
	echo "$dir has the keys and certificates of the bundle; they end"
	for f in tls sign; do
		printf '  %-4s %s\n' "$f" "$(openssl x509 -in "$dir/$f.pem" -noout -enddate \
			-dateopt iso_8601 | cut -d= -f2)"
	done
}

# --- for tests and demonstrations ---------------------------------------------

cmd_quick() {
	[[ $# -ge 3 ]] || usage
	local top=$1 domain=$2 node dir
	shift 2
	for node in "$@"; do
		check_node "$node"
	done
	TROTH_QUICK=1
	cmd_init "$top/ca" "$domain"
	open_ca "$top/ca"
	for node in "$@"; do
		dir=$top/${node//\//-}
		[[ ! -e $dir ]] || die "$dir: exists already"
		cmd_request "$dir" "$domain" "$node"
		write_bundle "$node" "$dir/request" "$dir" "central.$domain"
		rm -rf "$dir/request"
	done
}

command -v openssl >/dev/null || die "the openssl program is not installed"
[[ $# -ge 1 ]] || usage
command=$1
shift
case $command in
init | sign | renew | revoke | crl | list | request | install | quick) "cmd_$command" "$@" ;;
*) usage ;;
esac
