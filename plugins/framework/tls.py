"""TLS to an API server, as a kubeconfig asks for it."""

import ssl
from typing import Any


def tls_context(configuration: Any) -> ssl.SSLContext:
    """What a loaded `kubernetes.client.Configuration` says of certificates. Raises OSError (SSLError)."""
    context = ssl.create_default_context(cafile=configuration.ssl_ca_cert)
    if not configuration.verify_ssl:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if configuration.cert_file:
        context.load_cert_chain(configuration.cert_file, configuration.key_file)
    return context
