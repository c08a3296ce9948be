"""Turn the types of what the API answers into schemas, so that the document cannot differ."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints, is_typeddict

Shape = dict[str, Any]

BASIC: dict[Any, Shape] = {
    Any: {},
    str: {"type": "string"},
    int: {"type": "integer"},
    float: {"type": "number"},
    bool: {"type": "boolean"},
}
# The schemas of all TypedDicts that were asked for, by name.
COMPONENTS: dict[str, Shape] = {}
_owners: dict[str, Any] = {}


@dataclass(frozen=True, slots=True)
class Narrower:
    """What `Annotated` says of a type: which words or values occur, or how they are written."""

    words: tuple[str | bool | None, ...] = ()
    format: str = ""

    def schema(self) -> Shape:
        """Return what this adds to the type's schema."""
        found = {"enum": list(self.words), "format": self.format}
        return {name: value for name, value in found.items() if value}


Moment = Annotated[str, Narrower(format="date-time")]
Day = Annotated[str, Narrower(format="date")]
Succeeded = Annotated[bool, Narrower(words=(True,))]


def words(*allowed: str | None) -> Narrower:
    """Return what `Annotated[str, ...]` takes to say that only these words occur."""
    return Narrower(words=allowed)


def shape(hint: Any) -> Shape:
    """Return the schema of a type: basic, TypedDict, list, dict, union, or Annotated by Narrower.

    :raises TypeError: for any other, and for two TypedDicts of one name.
    """
    if is_typeddict(hint):
        return _component(hint)
    if hint in BASIC:
        return dict(BASIC[hint])
    origin, args = get_origin(hint), get_args(hint)
    if origin is Annotated:
        narrower: Narrower = args[1]
        return shape(args[0]) | narrower.schema()
    if origin is list:
        return {"type": "array", "items": shape(args[0])}
    if origin is dict:
        return {"type": "object", "additionalProperties": shape(args[1])}
    if origin in (Union, UnionType):
        return _union([arg for arg in args if arg is not NoneType], nullable=NoneType in args)
    raise TypeError(f"No schema is known for {hint}.")


def enveloped(hint: Any) -> Shape:
    """Return the schema of `{"success": true, "data": ...}` around what a hint describes."""
    return _object({"success": Succeeded, "data": hint}, required=["success", "data"])


def _union(hints: list[Any], *, nullable: bool) -> Shape:
    found = [shape(hint) for hint in hints]
    one = found[0] if len(found) == 1 else {"oneOf": found}
    if not nullable:
        return one
    # OpenAPI 3.0 ignores whatever stands beside a reference.
    return {"allOf": [one], "nullable": True} if "$ref" in one else one | {"nullable": True}


def _component(hint: Any) -> Shape:
    name = hint.__name__.removesuffix("Body")
    if _owners.setdefault(name, hint) is not hint:
        raise TypeError(f"{hint} and {_owners[name]} would both be called {name}: rename one.")
    if name not in COMPONENTS:
        hints = get_type_hints(hint, include_extras=True)
        required = [name for name in hints if name in hint.__required_keys__]
        made = _object(_bare(hints), required=required)
        COMPONENTS[name] = {"description": (hint.__doc__ or "").strip(), **made}
    return {"$ref": f"#/components/schemas/{name}"}


def _bare(hints: Mapping[str, Any]) -> dict[str, Any]:
    """Return the hints without NotRequired around them, which `__required_keys__` tells."""
    wrapped = ("NotRequired", "Required")
    return {
        name: get_args(hint)[0] if getattr(get_origin(hint), "_name", "") in wrapped else hint
        for name, hint in hints.items()
    }


def _object(hints: Mapping[str, Any], *, required: list[str]) -> Shape:
    properties = {name: shape(hint) for name, hint in hints.items()}
    made: Shape = {"type": "object", "properties": properties}
    return made | ({"required": required} if required else {})
