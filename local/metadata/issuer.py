"""The lab's OpenID Connect issuer: it signs the identity tokens of VMs, and the API servers trust it.

Source: OpenID Connect Discovery 1.0 and what kube-apiserver's structured authentication configuration reads
of it.
"""

import base64
import json
import ssl
import time
from pathlib import Path

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from hybrid_mesh.local.linux.files import kept
from hybrid_mesh.local.metadata.authority import ServerCertificate
from hybrid_mesh.local.metadata.identity import MachineIdentity
from hybrid_mesh.local.metadata.listening import NamespacedServer, QuietHandler, listen_in
from hybrid_mesh.local.pki import private_pem

AUDIENCE = "hybrid-mesh"
LIFETIME_SECONDS = 3600


class Issuer:
    """Signs identity tokens with a key that is kept in `folder`, so that tokens stay valid across restarts of
    the lab. Serves its discovery documents at `url`, over TLS with a certificate of its own authority."""

    def __init__(self, folder: Path, address: str) -> None:
        self.url = f"https://{address}"
        self._address = address
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        key = serialization.load_pem_private_key(kept(folder / "token-key.pem", _new_key), None)
        if not isinstance(key, rsa.RSAPrivateKey):
            raise TypeError("the issuer signs with RS256: its key must be RSA")
        self._key = key
        self._certificate = ServerCertificate(folder, address)
        self._server: NamespacedServer | None = None

    @property
    def certificate_authority_pem(self) -> str:
        return self._certificate.authority_pem

    @property
    def key_id(self) -> str:
        digest = hashes.Hash(hashes.SHA256())
        digest.update(self._public_numbers())
        return _encode(digest.finalize())[:16]

    def issue(self, identity: MachineIdentity) -> str:
        """An identity token of the VM, valid for LIFETIME_SECONDS."""
        now = int(time.time())
        claims = {
            "iss": self.url,
            "aud": AUDIENCE,
            "sub": identity.instance_id,
            "email": identity.service_account_email,
            "email_verified": True,
            "machine": identity.name,
            "iat": now,
            "exp": now + LIFETIME_SECONDS,
        }
        header = {"alg": "RS256", "typ": "JWT", "kid": self.key_id}
        signed = f"{_encode_json(header)}.{_encode_json(claims)}"
        signature = self._key.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256())
        return f"{signed}.{_encode(signature)}"

    def documents(self) -> dict[str, dict[str, object]]:
        """The served documents by path."""
        numbers = self._key.public_key().public_numbers()
        key = {
            "kty": "RSA",
            "use": "sig",
            "alg": "RS256",
            "kid": self.key_id,
            "n": _encode(_bytes(numbers.n)),
            "e": _encode(_bytes(numbers.e)),
        }
        discovery: dict[str, object] = {
            "issuer": self.url,
            "jwks_uri": f"{self.url}/keys",
            "response_types_supported": ["id_token"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
        }
        return {"/.well-known/openid-configuration": discovery, "/keys": {"keys": [key]}}

    def start(self, namespace: Path, port: int = 443) -> None:
        """Listens at the issuer's address in a network namespace. Raises OSError."""
        documents = {path: json.dumps(document).encode() for path, document in self.documents().items()}

        class Handler(QuietHandler):
            def do_GET(self) -> None:  # noqa: N802 - the protocol's method
                body = documents.get(self.path)
                if body is None:
                    self.answer(404, b"not found\n", "text/plain")
                else:
                    self.answer(200, body, "application/json")

        self._server = NamespacedServer(listen_in(namespace, self._address, port), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self._certificate.certificate_file, self._certificate.key_file)
        self._server.socket = context.wrap_socket(
            self._server.socket, server_side=True, do_handshake_on_connect=False
        )
        self._server.serve_in_thread("issuer")

    def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None

    def _public_numbers(self) -> bytes:
        return self._key.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )


def _new_key() -> bytes:
    return private_pem(rsa.generate_private_key(65537, 2048))


def _bytes(number: int) -> bytes:
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


def _encode(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def _encode_json(value: object) -> str:
    return _encode(json.dumps(value, separators=(",", ":")).encode())
