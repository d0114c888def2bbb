"""The base class and the plain types that every section of the configuration shares."""

from ipaddress import IPv4Network
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidatorFunctionWrapHandler,
    WithJsonSchema,
    WrapValidator,
)
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

Ownership = Literal["own", "adopt", "existing"]
"""Who makes an object: the program; the program, if it does not exist; others."""

DNS_LABEL_PATTERN = r"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$"
ABSOLUTE_PATH_PATTERN = r"^/"
FILE_MODE_PATTERN = r"^0[0-7]{3}$"
SHA256_PATTERN = r"^[0-9a-f]{64}$"
DEVICE_PATTERN = r"^/dev/[a-z]+[0-9]*$"
UNIT_NAME_PATTERN = r"^[A-Za-z0-9@_.-]+\.(service|timer|socket|path)$"
DNS_NAME_PATTERN = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$"
IMAGE_TAG_PATTERN = r"^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$"
IMAGE_PATTERN = (
    r"^[A-Za-z0-9][A-Za-z0-9.-]*(:[0-9]+)?(/[a-z0-9]+([._-]+[a-z0-9]+)*)*"
    r"(:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?(@sha256:[0-9a-f]{64})?$"
)
CA_POOL_PATTERN = r"^[a-zA-Z0-9_-]{1,63}$"
"""CA Service API, `caPoolId` of `projects.locations.caPools.create`."""
DATE_PATTERN = r"^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$"
TIME_OF_DAY_PATTERN = r"^([01][0-9]|2[0-3]):[0-5][0-9]$"
IMAGE_REPOSITORY_PATTERN = r"^([a-z0-9.-]+:)?[a-z][a-z0-9-]*/[a-z][a-z0-9-]*/[a-z]([a-z0-9-]*[a-z0-9])?$"
"""`project/location/repository` of Artifact Registry; projects of a domain are `example.com:project`."""
KMS_KEY_PATTERN = (
    r"^projects/([a-z0-9.-]+:)?[a-z][a-z0-9-]*/locations/[a-z][a-z0-9-]*/keyRings/[A-Za-z0-9_-]{1,63}"
    r"/cryptoKeys/[A-Za-z0-9_-]{1,63}$"
)
AWS_ROLE_PATTERN = r"^arn:aws:iam::[0-9]{12}:role/([!-.0-~]+/)*[\w+=,.@-]{1,64}$"
"""IAM API, `Role`: a path of printable characters between slashes, and a name."""
HEADER_NAME_PATTERN = r"^[!#$%&'*+.^_`|~0-9A-Za-z-]+$"
"""A token of RFC 9110, 5.1."""
VARIABLE_PATTERN = r"^[A-Za-z_][A-Za-z0-9_]*$"
"""A name of an environment variable, and of a label of Prometheus."""
URL_PATH_PATTERN = r"^/[^\s?#]*$"
ONE_LINE_PATTERN = r"^[^\r\n]+$"
DURATION_PATTERN = r"^([0-9]{1,5}(h|m|s|ms)){1,4}$"
"""A duration of the Gateway API (GEP-2257)."""
INTERFACE_PATTERN = r"^[^\s/,!+]{1,15}\+?$"
"""A name as `iptables --in-interface` takes it, with `+` for any ending."""
NOT_BLANK_PATTERN = r"\S"
LOCALITY_PATTERN = r"^[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+){0,2}$"
CIDR_PATTERN = r"^([0-9]{1,3}\.){3}[0-9]{1,3}/[0-9]{1,2}$"

DnsLabel = Annotated[str, StringConstraints(pattern=DNS_LABEL_PATTERN, max_length=63)]
"""A DNS label as RFC 1123 and Kubernetes define it: up to 63 lowercase letters, digits and dashes."""

Switch = Annotated[bool, Field(strict=True)]

Port = Annotated[int, Field(strict=True, ge=1, le=65535)]


def _parse_cidr(value: object) -> IPv4Network:
    """Parses `a.b.c.d/n`.

    Raises pydantic's error of type `cidr`, whose context may hold a `suggestion`.
    """
    if isinstance(value, IPv4Network):
        return value
    if not isinstance(value, str) or "/" not in value:
        raise PydanticCustomError("cidr", "not a CIDR")
    try:
        return IPv4Network(value)
    except ValueError:
        pass
    try:
        suggestion = str(IPv4Network(value, strict=False))
    except ValueError:
        raise PydanticCustomError("cidr", "not a CIDR") from None
    raise PydanticCustomError("cidr", "not a CIDR", {"suggestion": suggestion})


_CIDR_SCHEMA = {"type": "string", "pattern": CIDR_PATTERN}

Cidr = Annotated[IPv4Network, BeforeValidator(_parse_cidr), WithJsonSchema(_CIDR_SCHEMA)]
"""A block of IPv4 addresses in CIDR notation."""


def _parse_cidrs(value: object, parse: ValidatorFunctionWrapHandler) -> tuple[IPv4Network, ...]:
    if isinstance(value, list | tuple):
        cidrs: tuple[IPv4Network, ...] = parse(value)
        return cidrs
    return (_parse_cidr(value),)


Cidrs = Annotated[
    tuple[Cidr, ...],
    Field(min_length=1),
    WrapValidator(_parse_cidrs),
    WithJsonSchema({"anyOf": [_CIDR_SCHEMA, {"type": "array", "items": _CIDR_SCHEMA, "minItems": 1}]}),
]
"""One CIDR, or a list of them."""


class UnreadableError(Exception):
    """Raised on access to a part of a partial configuration that could not be read from its file."""


class Section(BaseModel):
    """One section of the configuration, immutable once read. A file has camelCase keys, and no others are
    read from it (`by_name=False`); Python code may also use the fields' names.

    A section of a partial configuration (`model.reading.partial`) lacks the fields that could not be read;
    access to such a field raises UnreadableError.
    """

    model_config = ConfigDict(
        alias_generator=to_camel,
        validate_by_alias=True,
        validate_by_name=True,
        extra="forbid",
        frozen=True,
        validate_default=True,
        use_attribute_docstrings=True,
    )

    if not TYPE_CHECKING:  # type checkers would then allow any attribute

        def __getattr__(self, name: str) -> Any:
            if name in type(self).model_fields:
                raise UnreadableError(name)
            return super().__getattr__(name)
