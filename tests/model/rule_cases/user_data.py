"""Meshes that break the rules of `model.plan.user_data`."""

from hashlib import sha256

from tests.model.rule_cases.case import LEGACY, Case, files

USER_DATA = [
    Case(
        "user_data_fits",
        files({"path": "/etc/x", "content": "".join(sha256(bytes([n])).hexdigest() for n in range(256))}),
        "`url` instead",
        path=f"{LEGACY}.application",
        value="16384 characters",
    ),
]
