#!/usr/bin/env bash
# rfc3161-client refuses time-stamps with several certificates from OpenSSL's own command, which OpenSSL verifies.
#
# Version:   rfc3161-client 1.0.9, cryptography 50.0.2, OpenSSL 3.0.19 (command `openssl ts`)
# Date:      2026-11-30
# Behaviour: the certificates of CMS are a SET OF, whose elements DER has in the order of their encodings (X.690, 11.6).
#            `openssl ts -reply -chain` sends them in the order of its files, the authority's own first;
#            decode_timestamp_response holds them to DER's order. So one certificate is read, and two are read only where
#            they happen to be in order, though none of them is part of what is signed.
# Seen:      alone: verified by OpenSSL, read
#            with the root behind it: verified by OpenSSL, InvalidSetOrdering
# One would have guessed that the two best-known ends of RFC 3161 on Linux understand each other. Whoever reads answers of
# an authority that runs OpenSSL sorts the certificates first. This script fails when the behaviour changes.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check rfc3161-client==1.0.9 cryptography==50.0.2

openssl req -x509 -newkey rsa:2048 -nodes -keyout root.key -out root.pem -subj /CN=Root -days 9 2>/dev/null
openssl req -newkey rsa:2048 -nodes -keyout tsa.key -out tsa.csr -subj "/CN=An authority whose name makes it the longer one" 2>/dev/null
printf 'extendedKeyUsage = critical, timeStamping\nsubjectAltName = DNS:stamps.example, DNS:time.stamps.example, DNS:the.longest.name.of.all.example\n' > extensions
openssl x509 -req -in tsa.csr -CA root.pem -CAkey root.key -CAcreateserial -extfile extensions -out tsa.pem -days 9 2>/dev/null
echo 01 > serial
cat > tsa.cnf <<'SETTINGS'
[tsa]
default_tsa = here
[here]
serial = serial
signer_cert = tsa.pem
signer_key = tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
ess_cert_id_alg = sha256
SETTINGS
echo "what is stamped" > text
openssl ts -query -data text -sha256 -cert -out request.tsq 2>/dev/null
openssl ts -reply -config tsa.cnf -queryfile request.tsq -out alone.tsr 2>/dev/null
openssl ts -reply -config tsa.cnf -queryfile request.tsq -chain root.pem -out chain.tsr 2>/dev/null
for answer in alone.tsr chain.tsr; do
  openssl ts -verify -queryfile request.tsq -in $answer -CAfile root.pem 2>/dev/null | grep -q "Verification: OK" \
    || { echo "OpenSSL does not verify $answer"; exit 1; }
done

venv/bin/python -W ignore - <<'PYTHON'
from pathlib import Path

from rfc3161_client import decode_timestamp_response


def read(name: str) -> str:
    try:
        return f"read, status {decode_timestamp_response(Path(name).read_bytes()).status}"
    except ValueError as error:
        return str(error)


alone, chain = read("alone.tsr"), read("chain.tsr")
print(f"alone: {alone}\nwith the root: {chain}")
assert alone == "read, status 0", "one certificate was read before"
assert "InvalidSetOrdering" in chain, "two certificates are read now"
PYTHON
