"""The rules as data: what each rule is called, how grave it is, and what it says to a reader.

Every finding of every stage is built here, so that ids, severities and sentences stand in one place
(``pipelines/data/rules.toml`` for what is checked inside the tables and the report,
``pipelines/data/rules_prose.toml`` for text against table) and code only brings the figures.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final, Literal, get_args

from pipelines.record import CheckResult, Finding, Message, Number, Origin, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Language = Literal["zh", "en"]

LANGUAGES: Final[tuple[Language, ...]] = get_args(Language)
RULE_FILES: Final = ("rules.toml", "rules_prose.toml")
TEXT_LIMIT: Final = 200
"""Longest piece of page text that a message quotes."""

_STOP: Final[dict[Language, str]] = {"zh": "。", "en": "."}
_JOIN: Final[dict[Language, str]] = {"zh": "；", "en": "; "}


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule, or one family of rules that differ in a row or column.

    Attributes:
        id: stable id, e.g. ``PL.EMPTY``; a family's id is the prefix of its members' (``T3.ROW``).
        severity: ``ERROR``, ``WARN`` or ``INFO``.
        title: what it is called.
        source: the article, notice or observation that it rests on.
        messages: variant → sentence template without its final stop; ``""`` is the usual sentence.
        parameters: thresholds and word lists, if it has any.
    """

    id: str
    severity: Severity
    title: Message
    source: str
    messages: Mapping[str, Message]
    parameters: Mapping[str, Any]


@cache
def rules() -> Mapping[str, Rule]:
    """All rules by id, in the order of the data files."""
    return {key: _rule(key, entry) for key, entry in _data().items() if key != "diagnosis"}


@cache
def diagnoses() -> Mapping[str, Message]:
    """Diagnosis code → clause that explains it, as a template."""
    return {code: Message(**texts) for code, texts in _data()["diagnosis"].items()}


@cache
def _data() -> dict[str, Any]:
    folder = files("pipelines.data")
    parts = [tomllib.loads(folder.joinpath(name).read_text("utf-8")) for name in RULE_FILES]
    return {key: entry for part in parts for key, entry in part.items()}


def _rule(key: str, entry: dict[str, Any]) -> Rule:
    variants = entry.get("variants", {})
    return Rule(
        id=key,
        severity=entry["severity"],
        title=Message(**entry["title"]),
        source=entry["source"],
        messages={name: Message(**texts) for name, texts in {"": entry["message"], **variants}.items()},
        parameters=entry.get("parameters", {}),
    )


@cache
def rule(rule_id: str) -> Rule:
    """The rule or family that an id belongs to: ``T3.ROW.granted`` → ``T3.ROW``.

    Raises:
        KeyError: no rule or family has that id.
    """
    prefix = rule_id
    while prefix not in rules():
        prefix, dot, _ = prefix.rpartition(".")
        if not dot:
            raise KeyError(rule_id)
    return rules()[prefix]


def finding(
    rule_id: str,
    /,
    *,
    result: CheckResult = "FAIL",
    cells: Iterable[str] = (),
    expected: Number | str | None = None,
    actual: Number | str | None = None,
    origin: Origin = "unknown",
    diagnosis: str | None = None,
    variant: str = "",
    **message_args: Message | str | Number | None,
) -> Finding:
    """Build a finding; severity and sentences come from the data files.

    Args:
        rule_id: id of the rule or of a member of a family.
        result: outcome of the rule; what could not be evaluated is never graver than INFO.
        cells: names of the cells concerned.
        expected: what the rule asks for; also ``{expected}`` in the sentence.
        actual: what was found; also ``{actual}`` in the sentence.
        origin: whose fault it is.
        diagnosis: code from the ``diagnosis`` table; its clause follows the sentence.
        variant: which of the rule's sentences to use.
        message_args: the other fields of the sentences. A ``Message`` gives each language its own text;
            text is cut at ``TEXT_LIMIT`` characters.

    Raises:
        KeyError: rule, variant, diagnosis or a field of the sentence is unknown.
    """
    the_rule = rule(rule_id)
    clauses = [the_rule.messages[variant]]
    if diagnosis is not None:
        clauses.append(diagnoses()[diagnosis])
    arguments = {"expected": expected, "actual": actual, **message_args}
    return Finding(
        rule=rule_id,
        severity="INFO" if result == "NOT_EVALUABLE" else the_rule.severity,
        result=result,
        cells=list(cells),
        expected=expected,
        actual=actual,
        origin=origin,
        diagnosis=diagnosis,
        message=Message(**{language: _sentence(clauses, arguments, language) for language in LANGUAGES}),
    )


def _sentence(
    clauses: Iterable[Message], arguments: Mapping[str, Message | str | Number | None], language: Language
) -> str:
    fields = {name: _text(value, language) for name, value in arguments.items()}
    said = (str(getattr(clause, language)).format_map(fields) for clause in clauses)
    return _JOIN[language].join(said) + _STOP[language]


def _text(value: Message | str | Number | None, language: Language) -> str:
    text = str(getattr(value, language) if isinstance(value, Message) else value)
    return text if len(text) <= TEXT_LIMIT else text[: TEXT_LIMIT - 1] + "…"
