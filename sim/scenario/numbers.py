"""Numbers of a scenario: plain, uncertain (a distribution) or shared by name (`$name`).

A `Number` in the schema accepts all three. `uncertain` lists the distributions of a scenario by path, `fix` gives the
scenario in which every number is plain, `values_of_set` the values of one parameter set.
"""

from __future__ import annotations

import math
import threading
import weakref
from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, dataclass, fields
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from sim.errors import InputError, did_you_mean
from sim.scenario.laws import LAWS, Distribution
from sim.scenario.points import sobol_points
from sim.scenario.posterior import Posterior

M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True)
class Reference:
    """The number that `parameters` holds under this name; written `$name`."""

    name: str

    def __str__(self) -> str:
        return f"${self.name}"


# --- reading --------------------------------------------------------------------------------------------------------


def parse_number(value: object) -> float | Distribution | Reference:
    """A number of a scenario from its YAML value; raises ValueError in words for the author of the file."""
    if isinstance(value, Distribution | Reference):
        return value
    if isinstance(value, str):
        return _reference(value)
    if isinstance(value, Mapping):
        return distribution(value)
    return _finite(value, "")


def is_distribution(value: object) -> bool:
    """Whether a YAML value is written as a distribution (`{dist: ...}`)."""
    return isinstance(value, Mapping) and "dist" in value


def distribution(written: Mapping[str, object]) -> Distribution:
    """The distribution written as `{dist: LAW, ...}`; raises ValueError naming law and argument."""
    if "dist" not in written:
        raise ValueError(f"{_show(written)} is not a number; a distribution has the key `dist`: {', '.join(LAWS)}")
    law = written["dist"]
    if not isinstance(law, str) or law not in LAWS:
        raise ValueError(f"unknown distribution {law!r}; allowed: {', '.join(LAWS)}{did_you_mean(law, LAWS)}")
    arguments = _arguments(LAWS[law], {name: value for name, value in written.items() if name != "dist"})
    try:
        return LAWS[law](**arguments)
    except ValueError as fault:
        raise ValueError(f"{law}: {fault}") from None
    except (OverflowError, ZeroDivisionError):
        raise ValueError(f"{law}: the arguments are too large or too small to compute with") from None


def _arguments(law: type[Distribution], written: Mapping[str, object]) -> dict[str, Any]:
    known = {field.name.rstrip("_"): field for field in fields(law)}
    for name in written:
        if name not in known:
            raise ValueError(f"{law.law} has no `{name}`; allowed: {', '.join(known)}{did_you_mean(name, known)}")
    missing = [name for name, field in known.items() if field.default is MISSING and name not in written]
    if missing:
        raise ValueError(f"{law.law} needs {', '.join(f'`{name}`' for name in missing)}")
    return {known[name].name: _argument(value, name, law.law) for name, value in written.items()}


def _argument(value: object, name: str, law: str) -> float | tuple[float, ...]:
    if name not in ("values", "weights"):
        return _finite(value, f"{law}: {name} ")
    if not isinstance(value, list | tuple):
        raise ValueError(f"{law}: {name} {_show(value)} is not a list of numbers")
    return tuple(_finite(item, f"{law}: {name} ") for item in value)


def _finite(value: object, what: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"{what}{_show(value)} is not a number")
    try:
        number = float(value)
    except OverflowError:
        raise ValueError(f"{what}{_show(value)} is too large for a number") from None
    if not math.isfinite(number):
        raise ValueError(f"{what}{_show(value)} is not a finite number")
    return number


def _reference(value: str) -> Reference:
    if not (value.startswith("$") and value[1:].isidentifier()):
        raise ValueError(f"{value!r} is not a number; allowed: a number, `$name` of a parameter, or {{dist: ...}}")
    return Reference(value[1:])


def _show(value: object) -> str:
    words = {"None": "null", "True": "true", "False": "false"}
    text = words.get(repr(value), repr(value))
    text = text.replace("'", "") if isinstance(value, dict | list) else text
    return text if len(text) <= 60 else text[:57] + "..."


class _NumberSchema:
    """Tells pydantic how a `Number` is checked, written and described."""

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(
            cls.validate, serialization=core_schema.plain_serializer_function_ser_schema(written)
        )

    @classmethod
    def __get_pydantic_json_schema__(cls, source: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return number_json_schema()

    @staticmethod
    def validate(value: object) -> float | Distribution | Reference:
        try:
            return parse_number(value)
        except ValueError as fault:
            raise PydanticCustomError("number", "{fault}", {"fault": str(fault)}) from None


Number = Annotated[float | Distribution | Reference, _NumberSchema]


def written(value: object) -> object:
    """A number as it is written in YAML (float, dict or `$name`); anything else unchanged."""
    if isinstance(value, Distribution):
        return value.plain()
    return str(value) if isinstance(value, Reference) else value


def number_json_schema() -> dict[str, Any]:
    """JSON Schema of a `Number`: a number, `$name`, or one shape for each law."""
    reference = {"type": "string", "pattern": r"^\$[A-Za-z_][A-Za-z0-9_]*$", "description": "a shared parameter"}
    return {"anyOf": [{"type": "number"}, reference, *(_law_schema(law) for law in LAWS.values())]}


def _law_schema(law: type[Distribution]) -> dict[str, Any]:
    lists = {"type": "array", "items": {"type": "number"}, "minItems": 1}
    properties: dict[str, Any] = {"dist": {"const": law.law}}
    for field in fields(law):
        name = field.name.rstrip("_")
        properties[name] = lists if name in ("values", "weights") else {"type": "number"}
    needed = [field.name.rstrip("_") for field in fields(law) if field.default is MISSING]
    return {"type": "object", "properties": properties, "required": ["dist", *needed], "additionalProperties": False}


# --- the numbers of a scenario --------------------------------------------------------------------------------------

Path = tuple[str | int, ...]
Sites = dict[Any, Any]  # a tree: key -> Sites, or Distribution | Reference at the leaves

_sites_of: weakref.WeakValueDictionary[int, BaseModel] = weakref.WeakValueDictionary()
_sites: dict[int, Sites] = {}
_finding = threading.Lock()  # held by the thread that changes the two


def dotted(path: Path) -> str:
    """A path as it is written on the command line: `rules.offensive.rate`."""
    return ".".join(str(part) for part in path)


def uncertain(scenario: BaseModel) -> dict[str, Distribution]:
    """The distributions of a scenario by path, in the order of the file; a shared one once, at its parameter.

    That of a column of its posterior is the column's own, without what ties it to the others.
    """
    return {dotted(path): leaf for path, leaf in _leaves(_tree(scenario)) if isinstance(leaf, Distribution)}


def uncertain_paths(scenario: BaseModel) -> list[Path]:
    """The paths of the distributions of a scenario, part by part."""
    return [path for path, leaf in _leaves(_tree(scenario)) if isinstance(leaf, Distribution)]


def references(scenario: BaseModel) -> list[str]:
    """The names of the parameters that a scenario uses, once for each use."""
    return [leaf.name for _, leaf in _leaves(_tree(scenario)) if isinstance(leaf, Reference)]


def fix(scenario: M, values: Mapping[str, float] | None = None) -> M:
    """The scenario with every `Number` a plain float: from `values` by path, else the median.

    Raises InputError for a path that holds no distribution, or a reference to no parameter.
    """
    tree, given = _tree(scenario), dict(values or {})
    known = uncertain(scenario)
    for path, value in given.items():
        if path not in known:
            raise InputError(f"{path} holds no distribution{did_you_mean(path, known)}")
        if not math.isfinite(value):
            raise InputError(f"{path}: {value} is not a finite number")
    shared = _shared(scenario, {path: given.get(path, law.median()) for path, law in known.items()})

    def plain(leaf: Distribution | Reference, path: Path) -> float:
        if isinstance(leaf, Distribution):
            return given[at] if (at := dotted(path)) in given else leaf.median()
        if leaf.name not in shared:
            raise InputError(f"{dotted(path)}: ${leaf.name} is no parameter{did_you_mean(leaf.name, shared)}")
        return shared[leaf.name]

    fixed: M = _replace(scenario, tree, (), plain)
    return fixed


def values_of_set(scenario: BaseModel, index: int, seed: int) -> dict[str, float]:
    """The values of parameter set `index` (0, 1, ...) by path: one point of a scrambled Sobol' sequence for each path.

    A path's sequence depends on its name and `seed` only, so that adding a parameter moves no other, and set 7 is the
    same among 8 sets as among 1000. Numbers that the scenario's posterior has columns of come together from one row.
    """
    known = uncertain(scenario)
    posterior = _posterior(scenario)
    drawn = posterior.of_set(index, seed) if posterior is not None else {}
    free = [path for path in known if path not in drawn]
    points = dict(zip(free, sobol_points(tuple(free), index, seed).tolist(), strict=True))
    return {path: drawn[path] if path in drawn else law.ppf(points[path]) for path, law in known.items()}


def without_posterior(scenario: M) -> M:
    """The scenario with nothing but its priors."""
    return scenario.model_copy(update={"posterior": None})


def with_marginals(scenario: M) -> M:
    """The scenario with the law of each column of its posterior in place of the distribution written there."""
    informed: M = _replace(scenario, _tree(scenario), (), lambda leaf, path: leaf)
    return informed


def leaves_its_priors(scenario: BaseModel) -> bool:
    """Whether a column of the posterior goes beyond the distribution that the scenario has in its place."""
    laws = uncertain(scenario)
    priors = {dotted(path): leaf for path, leaf in _leaves(_find(scenario) or {}) if dotted(path) in laws}
    ends = ((law.support(), priors[path].support()) for path, law in laws.items())
    return any(low < least or high > most for (low, high), (least, most) in ends)


def _posterior(scenario: BaseModel) -> Posterior | None:
    found: Posterior | None = getattr(scenario, "posterior", None)
    return found


def _shared(scenario: BaseModel, values: Mapping[str, float]) -> dict[str, float]:
    """The value of every parameter by name, those that are uncertain from `values` by path."""
    found: dict[str, float] = {}
    for name, parameter in getattr(scenario, "parameters", {}).items():
        value = parameter.value
        if isinstance(value, Distribution):
            found[name] = values[f"parameters.{name}.value"]
        elif not isinstance(value, Reference):
            found[name] = value
    return found


def _tree(scenario: BaseModel) -> Sites:
    """Where the uncertain numbers of a scenario are; found once for each scenario object (they are frozen)."""
    key = id(scenario)
    if _sites_of.get(key) is not scenario:
        with _finding:
            _keep_sites(key, scenario)
    return _sites[key]


def _keep_sites(key: int, scenario: BaseModel) -> None:
    """Find the sites of a scenario and keep them under its key; forget those of scenarios that are gone."""
    if _sites_of.get(key) is scenario:  # another thread was faster
        return
    for gone in [k for k in _sites if k not in _sites_of]:
        del _sites[gone]
    found, posterior = _find(scenario) or {}, _posterior(scenario)
    _sites[key] = found if posterior is None else _informed(found, (), posterior.marginals)
    _sites_of[key] = scenario


def _informed(tree: Any, path: Path, laws: Mapping[str, Distribution]) -> Any:
    """The tree with the laws of these paths in place of the distributions there."""
    if isinstance(tree, dict):
        return {key: _informed(child, (*path, key), laws) for key, child in tree.items()}
    return laws.get(dotted(path), tree) if isinstance(tree, Distribution) else tree


def _find(value: object) -> Any:
    """The tree of uncertain numbers under a value, None where there are none."""
    if isinstance(value, Distribution | Reference):
        return value
    found = {key: tree for key, child in _children(value) if (tree := _find(child)) is not None}
    return found or None


def _children(value: object) -> Iterator[tuple[Any, Any]]:
    if isinstance(value, BaseModel):
        return iter((name, value.__dict__[name]) for name in type(value).model_fields)
    if isinstance(value, dict):
        return iter(value.items())
    return iter(enumerate(value)) if isinstance(value, list | tuple) else iter(())


def _leaves(tree: Sites, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    for key, child in tree.items():
        if isinstance(child, dict):
            yield from _leaves(child, (*path, key))
        else:
            yield (*path, key), child


def replaced(section: M, put: Callable[[Distribution | Reference, Path], object]) -> M:
    """A copy of a part of a scenario with what `put` gives for each uncertain number, by its path within the part."""
    copy: M = _replace(section, _tree(section), (), put)
    return copy


def _replace(value: Any, tree: Any, path: Path, put: Callable[[Any, Path], object]) -> Any:
    """A copy of a value with what `put` gives for the leaves of its tree; what holds none is not copied."""
    if not isinstance(tree, dict):
        return put(tree, path)
    new = {key: _replace(_child(value, key), sub, (*path, key), put) for key, sub in tree.items()}
    if isinstance(value, BaseModel):
        return value.model_copy(update=new)
    if isinstance(value, dict):
        return {**value, **new}
    return type(value)(new.get(i, item) for i, item in enumerate(value))


def _child(value: Any, key: Any) -> Any:
    return value.__dict__[key] if isinstance(value, BaseModel) else value[key]
