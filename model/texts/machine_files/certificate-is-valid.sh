#!/bin/sh
# Succeeds if the agent's certificate, with which it can renew itself, is valid for at least another minute.
[ -s /etc/certs/key.pem ] && [ -s /etc/certs/root-cert.pem ] &&
    openssl x509 -in /etc/certs/cert-chain.pem -noout -checkend 60 >/dev/null 2>&1
