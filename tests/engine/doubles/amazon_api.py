"""The AWS API in this process: botocore checks and encodes a request, moto answers it and keeps the state.

Every `World` is an account of its own. moto and botocore are imported at the first request: importing them
takes two seconds.
"""

from __future__ import annotations

import hashlib
import os
import threading
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final, TypeAlias

from hybrid_mesh.plugins.framework.errors import ResourceError
from tests.engine.doubles.amazon_shapes import violations
from tests.engine.doubles.store import World

_LOCK: Final = threading.RLock()
"""moto's state is not made for several threads."""


@dataclass(frozen=True)
class Request:
    """One call of the API."""

    service: str
    operation: str
    region: str
    parameters: dict[str, Any]

    def refused(self, code: str, message: str) -> ResourceError:
        """The error that the provider shows when the service refuses."""
        return ResourceError(f"operation error {self.service}: {self.operation}, {code}: {message}")


Key: TypeAlias = tuple[str, str]
"""Service and operation."""
Rules: TypeAlias = Mapping[Key, tuple[Callable[["Account", Request], None], ...]]
"""Each raises `request.refused(…)` for what the service refuses and moto takes."""
Answers: TypeAlias = Mapping[Key, Callable[["Account", Request], dict[str, Any]]]
"""What answers the operations that moto lacks."""


@dataclass
class Account:
    """One account of AWS."""

    number: str
    world: World
    rules: Rules
    answers: Answers
    actions: list[str] = field(default_factory=list)
    """What the provider called, in order, as IAM names actions: `ec2:CreateVpc`."""
    kept: dict[str, dict[str, Any]] = field(default_factory=lambda: defaultdict(dict))
    """What exists and moto does not know, by kind and id."""
    rules_per_group: int = 60
    """Quota L-0EA8095F, "Inbound or outbound rules per security group"."""

    @classmethod
    def of(cls, world: World, rules: Rules, answers: Answers) -> Account:
        """The account of a world, the same at every call."""
        digest = hashlib.sha256(str(world.folder.resolve()).encode()).hexdigest()
        number = str(int(digest, 16))[:12]
        with _LOCK:
            return _ACCOUNTS.setdefault(number, cls(number, world, rules, answers))

    def call(self, service: str, operation: str, region: str, **parameters: Any) -> dict[str, Any]:
        """A call of the provider. Raises ResourceError if AWS refuses it."""
        with _LOCK:
            answer = self.ask(service, operation, region, **parameters)
            self.actions.append(f"{service}:{operation}")
            return answer

    def ask(self, service: str, operation: str, region: str, **parameters: Any) -> dict[str, Any]:
        """A call of another: what AWS does itself, and what rules and tests look up."""
        request = Request(service, operation, region, parameters)
        with _LOCK:
            check_form(request)
            for rule in self.rules.get((service, operation), ()):
                rule(self, request)
            own = self.answers.get((service, operation))
            return own(self, request) if own else self.from_moto(request)

    def from_moto(self, request: Request) -> dict[str, Any]:
        """moto's answer, without our rules."""
        from botocore.exceptions import ClientError  # noqa: PLC0415

        client = _client(request.service, request.region)
        with _LOCK:
            _STUB.account = self.number
            try:
                answer: dict[str, Any] = client._make_api_call(request.operation, request.parameters)
            except ClientError as failure:
                error = failure.response["Error"]
                raise request.refused(str(error["Code"]), str(error["Message"])) from None
        return answer

    def moto(self, service: str, region: str) -> Any:
        """moto's own state of a service, for what none of its operations changes."""
        from moto.backends import get_backend  # noqa: PLC0415

        return get_backend(service)[self.number][region]  # type: ignore[call-overload]


_ACCOUNTS: Final[dict[str, Account]] = {}


class _Stub:
    """Gives a request to moto instead of the network."""

    account = ""

    def __call__(self, request: Any, **_: Any) -> Any:
        request.headers["x-moto-account-id"] = self.account
        answer = _moto()("before-send", request)
        assert answer is not None, f"moto does not answer {request.url}"
        return answer


_STUB: Final = _Stub()


def check_form(request: Request) -> None:
    """Whether the request has the form that the service's model describes."""
    from botocore.validate import ParamValidator  # noqa: PLC0415

    shape = input_shape(request.service, request.operation)
    report = ParamValidator().validate(request.parameters, shape)
    if report.has_errors():
        raise request.refused("ParamValidation", report.generate_report())
    if found := list(violations(shape, request.parameters)):
        raise request.refused("ValidationException", "; ".join(found))


def input_shape(service: str, operation: str) -> Any:
    """The `botocore.model.Shape` of an operation's request."""
    return _session().get_service_model(service).operation_model(operation).input_shape


@cache
def _session() -> Any:
    import botocore.session  # noqa: PLC0415

    return botocore.session.Session(session_vars={"profile": (None, None, None, None)})


@cache
def _client(service: str, region: str) -> Any:
    from botocore.config import Config  # noqa: PLC0415

    with _LOCK:
        made = _session().create_client(
            service,
            region_name=region,
            aws_access_key_id="AKIAIOSFODNN7EXAMPLE",
            aws_secret_access_key="no-secret",
            config=Config(retries={"total_max_attempts": 1}, ignore_configured_endpoint_urls=True),
        )
        made.meta.events.register("before-send", _STUB)
    return made


@cache
def _moto() -> Any:
    """moto's entry, without its heaviest tables, as nobody asks which zone offers which instance type, and
    without its quota of rules, which an account may have raised."""
    os.environ.setdefault("MOTO_EC2_LOAD_DEFAULT_AMIS", "false")
    from moto.core.botocore_stubber import BotocoreStubber  # noqa: PLC0415
    from moto.utilities import utils  # noqa: PLC0415

    whole = utils.load_resource
    utils.load_resource = lambda path: [] if "instance_type_offerings" in path else whole(path)  # type: ignore[assignment]
    try:
        import moto.ec2.models.instance_types  # noqa: F401, PLC0415
    finally:
        utils.load_resource = whole
    from moto.ec2.models.security_groups import SecurityGroupBackend  # noqa: PLC0415

    limit = "_verify_group_will_respect_rule_count_limit"
    setattr(SecurityGroupBackend, limit, lambda *arguments, **named: None)
    made = BotocoreStubber()
    made.enabled = True
    return made
