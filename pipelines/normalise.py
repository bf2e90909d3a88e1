"""The one place for text normalisation.

Portals print one label in many ways: full-width or half-width, with typographic spaces, with the look-alike
radicals that PDF exporters leave behind, with ordinals and bracketed guidance around it. Everything that
compares printed text compares what these functions return; what is stored as ``raw`` stays untouched.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final

_LABEL_CAP: Final = 512
_ORDINALS: Final = 4

# Digits that are marks, not figures: NFKC would turn ① or ² into a digit and "①3" into 13.
ENUMERATORS: Final = (
    "\u00b2\u00b3\u00b9\u2070\u2074-\u2079\u2080-\u2089\u2460-\u2473\u24ea-\u24ff\u2776-\u2793"
    "\u3248-\u324f\u3251-\u325f\u3280-\u3289\u32b1-\u32bf\U0001f10b\U0001f10c"
)
_INVISIBLE: Final = (
    "\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e0fff"
)
_DROPPED: Final = re.compile(f"[{ENUMERATORS}{_INVISIBLE}]")

# What NFKC leaves alone: the true minus, line ends, rare spaces, and the radicals supplement.
_RADICALS: Final = dict(
    zip(
        "⺠⻅⻆⻉⻋⻑⻓⻔⻘⻙⻚⻛⻜⻝⻢⻣⻤⻥⻦⻧⻨⻩⻬⻮⻰⻄⻁⺜⺝⺩⺶⺷⻊⻗⺫⺬⺮⺼⺽",
        "民见角贝车長长门青韦页风飞食马骨鬼鱼鸟卤麦黄齐齿龙西虎日月王羊羊足雨目示竹肉臼",
        strict=True,
    )
)
_MAP: Final = {
    "\u2212": "-",
    **dict.fromkeys(("\r\n", "\r", "\v", "\f", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029"), "\n"),
    **dict.fromkeys(("\t", "\x1f", "\u1680", "\u2800"), " "),
    **_RADICALS,
}
_MAPPED: Final = re.compile("\r\n|[" + "".join(key for key in _MAP if len(key) == 1) + "]")

_NUMERAL: Final = "(?:[一二三四五六七八九十]{1,3}|[0-9]{1,2})"
_ORDINAL: Final = re.compile(rf"\({_NUMERAL}\)[、.,:]?|{_NUMERAL}[、。.,:;·)](?![0-9])")
_CLAUSE: Final = re.compile(r"第\(([一二三四五六七八九十]{1,3})\)")
_BRACKETS: Final = re.compile(r"([(\[〔【)\]〕】])")
_OPENING: Final = "([〔【"
_CLOSING: Final = ")]〕】"
_EDGE: Final = ":;,.、。·*※#…-‐‑–—―_~|/\\"


def fold(text: str) -> str:
    """Text in one form: NFKC, nothing invisible, plain spaces and line feeds, no space at the ends.

    Circled and raised digits are dropped, not turned into figures; en and em dashes, 〇 and ○ stay.
    """
    if text.isascii() and text.isprintable():
        return text.strip()
    folded = unicodedata.normalize("NFKC", _DROPPED.sub("", text))
    return _MAPPED.sub(lambda match: _MAP[match[0]], folded).strip()


def squeeze(text: str) -> str:
    """Folded text without any white space."""
    return "".join(fold(text).split())


def label_core(text: str) -> str:
    """The normalised core of a printed table label: no ordinal, no bracketed guidance, no punctuation around.

    An ordinal goes only together with its punctuation, so 三安全一稳定 keeps its 三. A bracket that never
    closes reaches to the end. Only the first 512 characters count.
    """
    return _label_core(text.strip()[:_LABEL_CAP])


@lru_cache(maxsize=4096)
def _label_core(text: str) -> str:
    core = _without_ordinals(squeeze(text))
    if _BRACKETS.search(core):
        core = _without_ordinals(_without_guidance(core))
    return core.strip(_EDGE)


def _without_ordinals(text: str) -> str:
    for _ in range(_ORDINALS):
        text = text.lstrip(_EDGE)
        match = _ORDINAL.match(text)
        if match is None:
            break
        text = text[match.end() :]
    return text


def _without_guidance(text: str) -> str:
    kept: list[str] = []
    depth = 0
    for part in _BRACKETS.split(_CLAUSE.sub(r"第\1", text)):
        if part and part in _OPENING:
            depth += 1
        elif part and part in _CLOSING:
            depth = max(depth - 1, 0)
        elif depth == 0:
            kept.append(part)
    core = "".join(kept)
    return core if core or depth == 0 else _BRACKETS.sub("", text)
