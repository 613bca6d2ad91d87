"""The option table of the settings: what each key is for, and what it takes."""

from __future__ import annotations

from peft_lint.finding import Severity
from peft_lint.lean import TYPE_CHECKING, Record
from peft_lint.selection import did_you_mean, problem
from peft_lint.versions import LIBRARIES
from peft_lint.versions.specifier import SpecifierError
from peft_lint.versions.specifier import key as release_key

if TYPE_CHECKING:
    from typing import Any, Literal

    # "ignores" maps patterns to rules, "severities" maps rules to severities.
    Kind = Literal["rules", "patterns", "flag", "release", "ignores", "severities"]

TABLES = ("ignores", "severities")
SEVERITIES = tuple(severity.value for severity in Severity)


class Option(Record):
    """One key of `[tool.peft-lint]`: what it takes and what it does."""

    key: str
    kind: Kind
    help: str


OPTIONS = (
    Option("select", "rules", "rules to run: codes, prefixes, names, or ALL"),
    Option("ignore", "rules", "rules to leave out"),
    Option("extend-select", "rules", "rules to run beside those selected already"),
    Option("extend-ignore", "rules", "more rules to leave out"),
    Option("per-file-ignores", "ignores", "rules to leave out in files that match a pattern"),
    Option("severity", "severities", "the severity that a rule's findings count as"),
    Option("exclude", "patterns", "gitignore patterns to skip, instead of the default ones"),
    Option("extend-exclude", "patterns", "gitignore patterns to skip beside the others"),
    Option("unfixable", "rules", "rules whose fixes are shown but never applied"),
    Option("extend-safe-fixes", "rules", "rules whose unsafe fixes count as safe"),
    Option("preview", "flag", "also run rules that are in preview"),
    *(
        Option(f"target-{library}", "release", f"the {library} release to assume, e.g. 1.2.0")
        for library in LIBRARIES
    ),
)
_BY_KEY = {option.key: option for option in OPTIONS}


class OptionError(ValueError):
    """A value that an option does not take, in words; `inner` is the key inside its table."""

    def __init__(self, message: str, inner: str | None = None) -> None:
        super().__init__(message)
        self.inner = inner


def check_value(option: Option, value: str | list[str]) -> None:
    """Raise OptionError if `value` names a rule or a release that does not exist."""
    if option.kind == "rules":
        _check_rules(value)
    elif option.kind == "release":
        try:
            release_key(str(value))
        except SpecifierError:
            raise OptionError(f"`{value}` is not a release such as 1.2.0") from None


def checked(key: str, value: object) -> object:
    """Return the value of one key as `Settings` holds it; raise OptionError if it cannot be."""
    option = _BY_KEY.get(key)
    if option is None:
        hint = did_you_mean(key, list(_BY_KEY)) or "; `peft-lint settings --schema` lists them"
        raise OptionError(f"unknown option `{key}`{hint}")
    if option.kind == "flag":
        if not isinstance(value, bool):
            raise OptionError(f"`{key}` must be true or false")
        return value
    if option.kind == "release":
        if not isinstance(value, str):
            raise OptionError(f'`{key}` must be a string such as "1.2.0"')
        check_value(option, value)
        return value
    if option.kind in TABLES:
        if not isinstance(value, dict):
            raise OptionError(f"`{key}` must be a table")
        return tuple((inner, _inside(option, inner, entry)) for inner, entry in value.items())
    listed = _strings(key, value)
    check_value(option, listed)
    return tuple(listed)


def _inside(option: Option, inner: str, value: object) -> object:
    """Return one entry of a table as `Settings` holds it."""
    try:
        if option.kind == "ignores":
            rules = _strings(inner, value)
            _check_rules(rules)
            return tuple(rules)
        _check_rules([inner])
        if value not in SEVERITIES:
            near = did_you_mean(str(value), SEVERITIES)
            raise OptionError(f"`{inner}` must be one of {', '.join(SEVERITIES)}{near}")
    except OptionError as error:
        raise OptionError(str(error), inner) from None
    return value


def _check_rules(selectors: str | list[str]) -> None:
    for selector in selectors:
        if (wrong := problem(selector)) is not None:
            raise OptionError(wrong)


def _strings(key: str, value: object) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(entry, str) for entry in value):
        example = f', such as ["{value}"]' if isinstance(value, str) else ""
        raise OptionError(f"`{key}` must be a list of strings{example}")
    return value


def schema() -> dict[str, Any]:
    """Return the JSON schema of `[tool.peft-lint]`, as editors and validators read it."""
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "$id": "urn:peft-lint:settings",
        "title": "Settings of peft-lint",
        "type": "object",
        "additionalProperties": False,
        "properties": {
            option.key: {"description": option.help, **_schema_of(option.kind)}
            for option in OPTIONS
        },
    }


def tool_schema(_table: str) -> dict[str, Any]:
    """Return the schema to validate-pyproject, which asks with the name of our table."""
    return schema()


def _schema_of(kind: Kind) -> dict[str, Any]:
    strings = {"type": "array", "items": {"type": "string"}}
    if kind == "flag":
        return {"type": "boolean"}
    if kind == "release":
        return {"type": "string"}
    if kind == "ignores":
        return {"type": "object", "additionalProperties": strings}
    if kind == "severities":
        severities = {"type": "string", "enum": list(SEVERITIES)}
        return {"type": "object", "additionalProperties": severities}
    return strings
