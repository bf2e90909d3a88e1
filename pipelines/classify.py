"""Whether a page is an annual report, and the evidence that decided.

Two mistakes are possible, and both cost: an infographic taken for a report puts figures into the series
twice, a report taken for something else is missing. So the title opens or closes the case, the body
decides it, and a title alone is trusted only where there is nothing else to read.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final, Literal

from pipelines.titles import FROM_TEXT, compact

if TYPE_CHECKING:
    from pipelines.record import Kind
    from pipelines.titles import Title

Language = Literal["zh", "en"]

FIRST_WITH_TABLES: Final = 2019
"""The statutory tables came with 国办公开办函〔2019〕60号, for the year 2019."""

ENOUGH_ANCHORS: Final = 3
_ENOUGH_TABLES: Final = 2
_WITHOUT_TITLE: Final = 5
_FILLED: Final = 60
_A_TABLE: Final = 8
_TWO_SECTIONS: Final = 2
_BODY: Final = 200
_MANY_LINKS: Final = 5
_SECTIONS: Final = 3
_SAMPLE: Final = 3_000

_ANCHORS: Final = (
    ("本年新收",),
    ("结转下年度",),
    ("第二十条",),
    ("未经复议直接起诉",),
    ("自然人", "法律服务机构"),
)
ANCHOR_WORDS: Final = tuple(word for words in _ANCHORS for word in words)
_ALL_WORDS: Final = frozenset(ANCHOR_WORDS)
# Ordinals may be shifted by one or lost at the line end, so only the words behind the mark count.
_SECTION_HEAD = re.compile(
    "[一二三四五六1-6][、.．,，](?:(?P<a>总体情况|基本情况|(?:主要)?(?:工作)?概述)|(?P<b>(?:行政机关)?主动公开)"
    "|(?P<c>(?:行政机关)?(?:收到和处理|(?:政府信息)?依申请公开|政府信息公开申请))"
    "|(?P<d>(?:因)?政府信息公开[^,，。;；]{0,16}行政复议)"
    "|(?P<e>(?:政府信息公开)?(?:工作)?(?:中)?(?:存在|主要)(?:的)?(?:主要)?(?:的)?问题)|(?P<f>其[他它]需要(?:报告|说明)))"
)
_ABOUT = re.compile("信息公开|政务公开")
_ORDERS = re.compile(
    "请(?:各|你)(?:单位|部门|县|区|市|乡|镇)|现就[^。]{0,40}通知如下|现将有关(?:事项|要求)[^。]{0,10}通知如下|印发给你们|请[^。]{0,6}(?:贯彻|遵照)执行"
)
_SENT_IN = re.compile("报送至")
_FORM = re.compile("(?:填报|填表|填写)说明|填报要求|(?:格式|报告)(?:模板|模版|样表|样本|范本)|单位名称[)）]")
_OF_ITSELF = re.compile("本(?:年度?)?报告?[^。]{0,60}(?:编制|编写)|所列数据[^。]{0,6}统计[期时][限间]")
_LISTED = re.compile("20\\d\\d年.{0,12}信息公开.{0,12}(?:报告|年报)")
_LISTED_LINE: Final = 80


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known when the case is decided.

    Attributes:
        title: the title taken apart.
        anchors: which of the fixed wordings (``ANCHOR_WORDS``) stand in the body, tables included.
        section_heads: how many of the six section heads were found; three are enough.
        tables_found: the statutory tables found.
        cells_read: value cells in which a number was read.
        year: the year reported on, by whatever evidence.
        agency_known: whether the body is known otherwise than from the title.
        text_length: characters of text.
        links: files that the body links.
        listed: links in the body that look like further reports.
        images: images in the body.
        statistics_annex: whether the legacy 情况统计表 is there.
        problem: why the document could not be read, or None.
        sample: the beginning of the text.
    """

    title: Title
    anchors: frozenset[str] = frozenset()
    section_heads: int = 0
    tables_found: tuple[str, ...] = ()
    cells_read: int = 0
    year: int | None = None
    agency_known: bool = False
    text_length: int = 0
    links: int = 0
    listed: int = 0
    images: int = 0
    statistics_annex: bool = False
    problem: str | None = None
    sample: str = ""

    @property
    def strength(self) -> int:
        """How many of the six marks of a report the body has (§7.1 of the data dictionary)."""
        return sum(all(word in self.anchors for word in words) for words in _ANCHORS) + (
            self.section_heads >= _SECTIONS
        )


@dataclass(frozen=True, slots=True)
class Classification:
    """The decision.

    Attributes:
        kind: as the record has it.
        reason: code in ``reasons.toml``.
        flags: ``needs_ocr``, ``draft``, and what the title says of the edition (``correction`` …).
    """

    kind: Kind
    reason: str
    flags: tuple[str, ...] = ()


@cache
def _reasons() -> dict[str, dict[str, Any]]:
    return tomllib.loads(files("pipelines.data").joinpath("reasons.toml").read_text("utf-8"))


def reason_text(code: str, language: Language) -> str:
    """The phrase for a reason.

    Raises:
        KeyError: if there is no such reason.
    """
    return str(_reasons()[code][language])


def find_anchors(text: str) -> tuple[frozenset[str], int]:
    """Fixed wordings and number of section heads in the whole text of a page, tables included.

    Heads are counted up to three: more prove no more. Text without breaks inside its wordings is taken as it
    is; only where something is missing are spaces and line ends taken out.
    """
    whole = _marks(text)
    return whole if whole == (_ALL_WORDS, _SECTIONS) else _marks(compact(text))


def _marks(text: str) -> tuple[frozenset[str], int]:
    heads: set[str | None] = set()
    for match in _SECTION_HEAD.finditer(text):
        heads.add(match.lastgroup)
        if len(heads) == _SECTIONS:
            break
    return frozenset(word for word in ANCHOR_WORDS if word in text), len(heads)


def classify(evidence: Evidence) -> Classification:
    """Decide whether the page is an annual report."""
    title = evidence.title
    flags = title.flags
    if title.refused is not None and not _outweighs(evidence, title.refused):
        return Classification("not_a_report", title.refused, flags)
    if "draft" in flags:
        return Classification("not_a_report", "draft", flags)
    if (
        evidence.strength >= ENOUGH_ANCHORS
        or len(evidence.tables_found) >= _ENOUGH_TABLES
        or _has_filled_table(evidence)
    ):
        return _by_body(evidence)
    if not _is_printed(title):
        return _without_title(evidence)
    if refusal := _contrary(evidence):
        return Classification("not_a_report", refusal, flags)
    return _by_title(evidence)


def _outweighs(evidence: Evidence, refused: str) -> bool:
    """Whether a whole filled-in report stands under a title that speaks against it."""
    return (
        bool(_reasons()[refused].get("yields"))
        and evidence.title.core_found
        and evidence.strength >= _WITHOUT_TITLE
        and evidence.cells_read >= _FILLED
        and evidence.year is not None
    )


def _by_body(evidence: Evidence) -> Classification:
    title = evidence.title
    if evidence.year is None and not evidence.cells_read:
        return Classification("not_a_report", "empty_form", title.flags)
    return _report(evidence, "title_and_body") if _is_printed(title) else _without_title(evidence)


def _has_filled_table(evidence: Evidence) -> bool:
    return bool(evidence.tables_found) and evidence.cells_read >= _A_TABLE


def _is_printed(title: Title) -> bool:
    return title.core_found and FROM_TEXT not in title.flags


def _without_title(evidence: Evidence) -> Classification:
    """Only the body can tell: dumps often keep no title, and forms and notices print the same wording."""
    sample = compact(evidence.sample[:_SAMPLE])
    for pattern, refusal in ((_ORDERS, "order_text"), (_FORM, "template")):
        if pattern.search(sample):
            return Classification("not_a_report", refusal, evidence.title.flags)
    if evidence.strength >= _WITHOUT_TITLE:
        return _report(evidence, "body")
    two_sections = evidence.section_heads >= _TWO_SECTIONS
    if two_sections and _has_filled_table(evidence):
        return _report(evidence, "body_tables")
    legacy = evidence.year is not None and evidence.year < FIRST_WITH_TABLES
    of_itself = legacy and evidence.section_heads >= _SECTIONS and _OF_ITSELF.search(sample)
    if of_itself or (two_sections and evidence.title.core_found and evidence.text_length >= _BODY):
        return _report(evidence, "stated_in_text")
    return Classification("not_a_report", "no_evidence", evidence.title.flags)


def _contrary(evidence: Evidence) -> str | None:
    """What speaks against a good title when the body lacks the fixed wording."""
    if evidence.listed >= _MANY_LINKS and evidence.text_length < _BODY * evidence.listed:
        return "link_list"
    lines = [line for line in evidence.sample[:_SAMPLE].split("\n") if line]
    listed = {line for line in lines if len(line) < _LISTED_LINE and _LISTED.search(line)}
    if len(listed) >= _MANY_LINKS and len(listed) * 2 > len(lines):
        return "link_list"
    sample = compact(evidence.sample[:_SAMPLE])
    if _ORDERS.search(sample) or _SENT_IN.search(sample):
        return "order_text"
    if evidence.text_length >= _BODY and sample and not _ABOUT.search(sample):
        return "unrelated_body"
    return None


def _by_title(evidence: Evidence) -> Classification:
    title = evidence.title
    sure = (evidence.agency_known or title.agency is not None) and evidence.year is not None
    attached = evidence.links > 0 or evidence.problem == "attachment_not_supported"
    uncertain = {"weak_core", "letter", "year_range"} & set(title.flags)
    if evidence.text_length >= _BODY or evidence.statistics_annex:
        if evidence.year is None:
            return Classification("not_a_report", "no_year", title.flags)
        return _report(evidence, "title_and_prose")
    if not sure or (uncertain and not attached):
        return Classification("not_a_report", "no_year" if not sure else "no_evidence", title.flags)
    if attached:
        return _report(evidence, "title_and_attachment")
    if evidence.images or "image" in title.flags:
        return _report(evidence, "title_and_image", "needs_ocr")
    return _report(evidence, "title_only")


def _report(evidence: Evidence, reason: str, *flags: str) -> Classification:
    flags = (*evidence.title.flags, *flags)
    if evidence.year is not None and evidence.year < FIRST_WITH_TABLES and not evidence.tables_found:
        return Classification("legacy_report", "legacy", flags)
    return Classification("report", reason, flags)
