#!/usr/bin/env bash
#
# mint_bad.sh KIND CA NODE OUT - certificates with exactly one thing wrong.
#
# Makes OUT a whole certificate directory (root.pem issuing.pem crl.pem tls.pem
# tls.key sign.pem sign.key) for NODE ("central" or "gw/<party>/<site>"), signed
# with the issuing key in CA (a directory as `pki.sh init` or `troth certs quick`
# make it), which is only read. Everything is as it should be but for KIND:
#
#   good         nothing: the control, to see that a test fails for its reason
#   expired      the leaves ended yesterday
#   early        the leaves begin tomorrow
#   two-uris     each leaf names a second URI, of the same trust domain
#   no-uri       each leaf names a DNS name only
#   other-ca     signed by a CA of the same names that is not under our root
#                (root.pem is the true one: the impostor wants to be let in)
#   other-domain the identity is spiffe://other.example/...
#   sub-domain   the identity is spiffe://sub.<domain>/...
#   ip-san       each leaf also names an IP address
#   revoked      crl.pem lists both leaves; a peer refuses them once it has that file
#   stale-crl    the leaves are good, crl.pem ended yesterday
#   no-crl       the leaves are good, crl.pem has the root's list only
#   server-eku   a leaf with serverAuth, whatever NODE is
#   no-eku       leaves without extended key usage
#   any-eku      leaves with documentSigning, clientAuth and serverAuth, not critical
#   wrong-key    tls.key and sign.key are not those of the certificates
#   p256-sign     sign.pem is over a P-256 key, not Ed25519
#
# Uses openssl alone, no part of certs/, so that a fault there does not hide here.
set -euo pipefail
umask 077

[[ $# -eq 4 ]] || {
	sed -n '3,/^set /s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2
	exit 2
}
kind=$1 ca=$2 node=$3 out=$4
domain=$(cat "$ca/domain")
id=spiffe://$domain/$node
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

issuer=$ca/issuing/issuing.pem
issuer_key=$ca/issuing/issuing.key
begin='-1 hour' end='+30 days'
tls_eku=clientAuth sign_eku=critical,1.3.6.1.5.5.7.3.36 sign_alg='-algorithm ED25519'
[[ $node != central ]] || tls_eku=serverAuth,clientAuth
names=URI:$id

day() {
	date -u -d "$1" +%Y%m%d%H%M%SZ
}

case $kind in
good | revoked | stale-crl | no-crl | wrong-key | other-ca) ;;
expired) begin='-30 days' end='-1 day' ;;
early) begin='+1 day' ;;
two-uris) names=URI:$id,URI:spiffe://$domain/gw/second/name ;;
no-uri) names=DNS:node.$domain ;;
other-domain) names=URI:spiffe://other.example/$node ;;
sub-domain) names=URI:spiffe://sub.$domain/$node ;;
ip-san) names=URI:$id,IP:127.0.0.1 ;;
server-eku) tls_eku=serverAuth,clientAuth ;;
no-eku) tls_eku='' sign_eku='' ;;
any-eku)
	tls_eku=serverAuth,clientAuth,1.3.6.1.5.5.7.3.36
	sign_eku=$tls_eku
	;;
p256-sign) sign_alg='-algorithm EC -pkeyopt ec_paramgen_curve:P-256' ;;
*)
	echo "mint_bad: no kind \"$kind\"" >&2
	exit 2
	;;
esac

p256() {
	openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1" 2>/dev/null
}

# A CA with the same names and its own keys.
if [[ $kind == other-ca ]]; then
	issuer=$tmp/other.pem issuer_key=$tmp/other.key
	p256 "$tmp/r.key"
	p256 "$issuer_key"
	openssl req -new -x509 -days 9 -key "$tmp/r.key" -subj "/O=$domain/CN=troth root R1" \
		-out "$tmp/r.pem"
	openssl req -new -key "$issuer_key" -subj "/O=$domain/CN=troth issuing I1" |
		openssl x509 -req -days 9 -CA "$tmp/r.pem" -CAkey "$tmp/r.key" -CAcreateserial \
			-extfile <(printf 'basicConstraints=critical,CA:true\n%s\n%s\n%s\n' \
				keyUsage=critical,keyCertSign,cRLSign subjectKeyIdentifier=hash \
				authorityKeyIdentifier=keyid:always) -out "$issuer" 2>/dev/null
fi

extensions() { # EKU
	echo 'basicConstraints = critical, CA:false'
	echo 'keyUsage = critical, digitalSignature'
	echo 'subjectKeyIdentifier = hash'
	echo 'authorityKeyIdentifier = keyid:always'
	[[ -z $1 ]] || echo "extendedKeyUsage = $1"
	echo "subjectAltName = $names"
}

: >"$tmp/index.txt"
echo 0100 >"$tmp/crlnumber"
{
	printf '[ca]\ndefault_ca = own\n[own]\ndatabase = %s/index.txt\n' "$tmp"
	printf 'new_certs_dir = %s\ncrlnumber = %s/crlnumber\nrand_serial = yes\n' "$tmp" "$tmp"
	printf 'certificate = %s\nprivate_key = %s\n' "$issuer" "$issuer_key"
	printf 'unique_subject = no\ndefault_md = sha256\npolicy = any\ncrl_extensions = crl\n'
	printf '[any]\ncommonName = supplied\n[crl]\nauthorityKeyIdentifier = keyid:always\n[tls]\n'
	extensions "$tls_eku"
	printf '[sign]\n'
	extensions "$sign_eku"
} >"$tmp/ca.cnf"

own_ca() {
	openssl ca -batch -notext -config "$tmp/ca.cnf" "$@" 2>"$tmp/said" || {
		cat "$tmp/said" >&2
		exit 1
	}
}

rm -rf "$out"
mkdir -p "$out"
p256 "$out/tls.key"
# shellcheck disable=SC2086 # Several words.
openssl genpkey $sign_alg -out "$out/sign.key" 2>/dev/null
for use in tls sign; do
	openssl req -new -key "$out/$use.key" -subj "/CN=$kind $use" -out "$tmp/$use.csr"
	own_ca -extensions $use -startdate "$(day "$begin")" -enddate "$(day "$end")" \
		-in "$tmp/$use.csr" -out "$out/$use.pem"
	[[ $kind != revoked ]] || own_ca -revoke "$out/$use.pem" -crl_reason keyCompromise
done
[[ $kind != wrong-key ]] || {
	p256 "$out/tls.key"
	openssl genpkey -algorithm ED25519 -out "$out/sign.key"
}
cat "$issuer" >>"$out/tls.pem"
cp "$ca/root/root.pem" "$ca/issuing/issuing.pem" "$out"
crl_end='+9 days' crl_begin='-1 hour'
[[ $kind != stale-crl ]] || crl_begin='-9 days' crl_end='-1 day'
case $kind in
revoked | stale-crl)
	own_ca -gencrl -crl_lastupdate "$(day "$crl_begin")" -crl_nextupdate "$(day "$crl_end")" \
		-out "$tmp/own.crl"
	cat "$ca/root/root.crl" "$tmp/own.crl" >"$out/crl.pem"
	;;
no-crl) cp "$ca/root/root.crl" "$out/crl.pem" ;;
*) cp "$ca/crl.pem" "$out" ;;
esac
chmod 0400 "$out"/*.key
chmod 0644 "$out"/*.pem
