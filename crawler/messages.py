"""What a person reads, in Chinese or English: sentences and words by key (``crawler/data/messages.toml``)."""

from __future__ import annotations

import os
from functools import cache
from typing import Any, Final, Literal

from crawler.data import load

Language = Literal["zh", "en"]
LANGUAGES: Final[tuple[Language, ...]] = ("zh", "en")
LANGUAGE_VARIABLE: Final = "GONGKAI_LANG"


def wished_language(option: str | None) -> tuple[Language | None, str]:
    """The language that option, environment or habit asks for, and the word that asked; None for one unknown."""
    value = option or os.environ.get(LANGUAGE_VARIABLE) or LANGUAGES[0]
    return next((language for language in LANGUAGES if value == language), None), value


def say(key: str, language: Language, **words: object) -> str:
    """The sentence of a key, its gaps filled.

    Raises:
        KeyError: no such key, or a gap without a word.
    """
    sentence: str = _sentences()[key][language]
    return sentence.format(**words) if words else sentence


def word(group: str, code: str | None, language: Language) -> str:
    """The wording of a code that a record carries; a code without one stands for itself."""
    if code is None:
        return say("unknown", language)
    wording: dict[str, str] | None = _words()[group].get(code)
    return wording[language] if wording else code


def reason(code: str, language: Language) -> str:
    """The wording of a code of ``quality.reasons``: ``code``, ``code:count`` or ``table:code``."""
    head, _, rest = code.partition(":")
    if rest.isdigit():
        return word("reason", head, language).format(n=rest)
    if head in _words()["table_short"] and rest:
        return word("table_short", head, language) + word("reason", rest, language)
    return word("reason", code, language)


@cache
def _data() -> dict[str, Any]:
    return load("messages")


def _sentences() -> dict[str, dict[str, str]]:
    sentences: dict[str, dict[str, str]] = _data()["say"]
    return sentences


def _words() -> dict[str, dict[str, dict[str, str]]]:
    words: dict[str, dict[str, dict[str, str]]] = _data()["words"]
    return words
