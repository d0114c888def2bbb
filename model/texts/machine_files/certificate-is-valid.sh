#!/bin/sh
# Succeeds when the agent holds a certificate, by which it can renew itself, for another minute at least.
[ -s /etc/certs/key.pem ] && [ -s /etc/certs/root-cert.pem ] &&
    openssl x509 -in /etc/certs/cert-chain.pem -noout -checkend 60 >/dev/null 2>&1
