"""What a run says to people: sentences, outcomes, reasons and issues by key (``crawler/data/runs.toml``)."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from crawler.data import load
from crawler.ledger import facts
from crawler.wire.failures import failure_text
from pipelines.classify import reason_text
from pipelines.store.opening import StoreError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from crawler.messages import Language


class _Words(dict[str, Any]):
    """The words of a sentence; a gap that nobody fills shows itself instead of breaking the end of a run."""

    def __missing__(self, key: str) -> str:
        return f"<{key}>"


def say(key: str, language: Language, **words: object) -> str:
    """The sentence of a key of ``[say]``, its gaps filled.

    Raises:
        KeyError: there is no such sentence, or a gap without a word.
    """
    wording: str = facts()["say"][key][language]
    return wording.format(**words)


def store_sentence(error: StoreError, language: Language) -> str:
    """What keeps us from the store (``crawler/data/store.toml``)."""
    wording: str = load("store")["say"][error.key][language]
    return wording.format_map(_Words(error.words))


def trouble(error: BaseException, language: Language) -> str:
    """Why something can't be stored, for a person."""
    if isinstance(error, StoreError):
        return store_sentence(error, language)
    cause: BaseException = getattr(error, "orig", None) or error
    if isinstance(cause, OSError) and cause.strerror:
        return f"{cause.strerror}: {cause.filename}" if cause.filename else cause.strerror
    return str(cause)


def sentence(group: str, code: str, language: Language, words: Mapping[str, object] | None = None) -> str:
    """The wording of a code of a group (``outcome``, ``reason``, ``issue``); a code without one stands for itself."""
    if group == "reason":
        return reason(code, language)
    wording = facts()[group].get(code)
    if wording is None:
        return code
    gaps = _Words(words or {})
    if "reason" in gaps:
        gaps["reason"] = reason(str(gaps["reason"]), language)
    filled: str = wording[language].format_map(gaps)
    return filled


def reason(code: str, language: Language) -> str:
    """The wording of a reason: of the run, of a failed request, or why a page is no report."""
    known = facts()["reason"]
    if code in known:
        wording: str = known[code][language]
        return wording
    for text in (failure_text, reason_text):
        with suppress(KeyError):
            return text(code, language)
    return code
