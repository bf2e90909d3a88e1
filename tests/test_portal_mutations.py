"""Whole portals with one thing broken: what is missing must be said, and nothing may be invented.

A quiet loss is the worst that a crawl can do, so the oracle is the same for every damage: as long as one report that
the undamaged portal gives is missing, the outcome is not fine; and what is stored is one of its reports, right to the
last cell, as ``truth.json`` has it.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field, replace
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest

from crawler.ledger import FINE
from fixtures.portals.demo import record_differs
from fixtures.portals.server import bundled
from fixtures.portals.site import Answer, Asked
from pipelines.record import to_json
from tests.walking import crawl, html, settle, walk

if TYPE_CHECKING:
    from collections.abc import Callable

    from crawler.steps import Ask
    from fixtures.portals.site import Site
    from tests.walking import Walked

SITES = ["qianan", "trs_static", "hanweb_classic", "ucap_json", "generic_table", "vsb_static"]
TOTALS = ["qianan", "hanweb_classic", "ucap_json", "generic_table", "vsb_static"]
"""Those whose lists say how many rows they have."""
Key = tuple[str, str, str, str, bytes]
"""What tells one request from another."""


@dataclass
class Portal:
    """A portal as it is without damage: every answer, and what it was asked for."""

    site: Site
    walked: Walked
    answers: dict[Key, Answer] = field(default_factory=dict)
    asks: dict[Key, Ask] = field(default_factory=dict)

    def keys(self, *roles: str) -> list[Key]:
        return [key for key, ask in self.asks.items() if ask.role in roles]

    def some(self, role: str) -> list[Key]:
        """The first and the last of a kind."""
        keys = self.keys(role)
        return [keys[0], keys[-1]] if len(keys) > 1 else keys

    def damaged(self, damage: Callable[[Answer], Answer], *keys: Key) -> Walked:
        """Crawl it with damaged answers to some requests, and see that nothing passes quietly."""
        return self.seen(lambda asked, answer: damage(answer) if _key(asked) in keys else answer)

    def seen(self, damage: Callable[[Asked, Answer], Answer]) -> Walked:
        walked = crawl(self.site, damage=damage)
        lost = self.walked.stored - walked.stored
        outcome = walked.ledger.outcome()
        assert not (lost and outcome[0] in FINE), (
            f"{outcome} although {len(lost)} are lost: {sorted(lost)[:3]}"
        )
        assert walked.stored <= self.walked.stored, "invented"
        truth = {self.site.url[host] + path: report for (host, path), report in self.site.by_address.items()}
        for record in walked.records:
            wrong = list(record_differs(truth[record.url], json.loads(to_json(record)), self.site.url))
            assert not wrong, f"{record.url}: {wrong[:3]}"
        assert walked.visit.pending == 0
        return walked


@cache
def portal(name: str) -> Portal:
    """A bundled portal, crawled once."""
    site, since = bundled(name), list[Key]()
    answers: dict[Key, Answer] = {}
    asks: dict[Key, Ask] = {}

    def hear(asked: Asked, answer: Answer) -> Answer:
        since.append(_key(asked))
        answers[since[-1]] = answer
        return answer

    def note(walked: Walked) -> None:
        asks.update(dict.fromkeys(since, walked.asked[-1]))
        since.clear()

    walked = walk(site, damage=hear, each=note)
    settle(walked)
    assert walked.ledger.outcome() == ("ok", None)
    assert len(walked.stored) == len(site.by_address)
    return Portal(site, walked, answers, asks)


def _key(asked: Asked) -> Key:
    return asked.host, asked.method, asked.path, asked.query, asked.body


# --- damages


def text_of(answer: Answer) -> str:
    return answer.body if isinstance(answer.body, str) else answer.body.decode()


def with_text(answer: Answer, text: str) -> Answer:
    return replace(answer, body=text if isinstance(answer.body, str) else text.encode())


def rewritten(pattern: str, by: str) -> Callable[[Answer], Answer]:
    return lambda answer: with_text(answer, re.sub(pattern, by, text_of(answer)))


def without_rows(*gone: Key) -> Callable[[Answer], Answer]:
    """A list without the rows that lead to these documents."""
    tails = [key[2].rpartition("/")[2] for key in gone]

    def emptied(answer: Answer) -> Answer:
        text = text_of(answer)
        try:
            return with_text(answer, json.dumps(_without(json.loads(text), tails), ensure_ascii=False))
        except ValueError:
            pass
        for tail in map(re.escape, tails):
            text = re.sub(rf"<(li|tr)\b(?:(?!<(?:li|tr)\b).)*?{tail}.*?</\1>", "", text, flags=re.DOTALL)
            text = re.sub(rf"<a\b[^>]*{tail}[^>]*>.*?</a>", "", text, flags=re.DOTALL)
        return with_text(answer, text)

    return emptied


def _without(value: Any, tails: list[str]) -> Any:
    if isinstance(value, dict):
        return {key: _without(inner, tails) for key, inner in value.items()}
    if isinstance(value, list):
        rows = [_without(inner, tails) for inner in value]
        return [row for row in rows if not any(tail in json.dumps(row) for tail in tails)]
    return value


CHROME = "".join(f'<a href="/n{n}/">栏目{n}</a>' for n in range(30))
ERROR_PAGE = html("提示信息", "<p>您访问的页面不存在或已被删除</p>")
ERROR_IN_CHROME = html("人民政府", CHROME, "<p>抱歉，您查看的内容不存在或已下线。</p>", CHROME)
CHALLENGE = html(
    "", head='<script>document.cookie="__jsl_clearance=1";location.href=location.pathname;</script>'
)
NO_PAGE = {
    "empty": "",
    "blank": html(" \n"),
    "error": ERROR_PAGE,
    "chrome": ERROR_IN_CHROME,
    "challenge": CHALLENGE,
}


@pytest.mark.parametrize("name", SITES)
@pytest.mark.parametrize(
    "damage",
    [
        rewritten(r'\bclass=(["\'])[\w -]*\1', r"class=\1renamed\1"),
        rewritten(r'\s(?:class|id)=(["\'])[\w -]*\1', ""),
        rewritten(r"<(/?)(?:li|tr|dl)\b", r"<\1section"),
        rewritten(r"<(/?)(?:ul|table|tbody)\b", r"<\1div"),
    ],
    ids=["class renamed", "no class", "row tag", "list tag"],
)
def test_lists_are_drawn_otherwise(name: str, damage: Callable[[Answer], Answer]) -> None:
    known = portal(name)
    known.damaged(damage, *known.keys("column", "page"))


@pytest.mark.parametrize("name", SITES)
def test_lists_are_emptied_without_a_word(name: str) -> None:
    known = portal(name)
    walked = known.damaged(without_rows(*known.keys("detail")), *known.keys("column", "page"))
    assert walked.ledger.outcome()[0] in ("layout-changed", "partial")


@pytest.mark.parametrize("name", TOTALS)
def test_row_is_gone_but_the_total_stays(name: str) -> None:
    known = portal(name)
    totals = [column for column in known.walked.ledger.columns.values() if column.declared]
    for key in known.keys("detail")[::6]:
        column = known.asks[key].column
        if column is not None and column.count in totals:
            walked = known.damaged(without_rows(key), *known.keys("column", "page"))
            assert walked.ledger.outcome()[0] == "partial" or walked.stored == known.walked.stored


@pytest.mark.parametrize("name", TOTALS)
def test_total_is_raised_by_one(name: str) -> None:
    known = portal(name)
    column = max(known.walked.ledger.columns.values(), key=lambda column: column.declared or 0)
    number = (
        rf"(共\s*(?:<[^>]+>\s*)*|(?i:total|count|record)\w*[\"']?\s*[:=]\s*[\"']?){column.declared}(?!\d)"
    )
    raised = rewritten(number, rf"\g<1>{(column.declared or 0) + 1}")
    keys = known.keys("column", "page")
    assert any(text_of(raised(known.answers[key])) != text_of(known.answers[key]) for key in keys)
    assert known.damaged(raised, *keys).ledger.outcome()[0] == "partial"


@pytest.mark.parametrize("name", SITES)
@pytest.mark.parametrize("status", [404, 500])
def test_page_of_a_list_fails(name: str, status: int) -> None:
    known = portal(name)
    for key in known.some("page"):
        known.damaged(lambda _: Answer("", status), key)


@pytest.mark.parametrize("name", SITES)
@pytest.mark.parametrize("kind", ["empty", "chrome"])
def test_page_of_a_list_is_none(name: str, kind: str) -> None:
    known = portal(name)
    for key in known.some("page"):
        known.damaged(lambda _: Answer(NO_PAGE[kind]), key)


@pytest.mark.parametrize("name", SITES)
def test_pages_repeat(name: str) -> None:
    known = portal(name)
    for key in [key for key in known.some("page") if known.asks[key].fetch.page > 1]:
        column = known.asks[key].column
        same = [other for other, ask in known.asks.items() if ask.column is column and ask.role != "detail"]
        if same[0] != key:
            known.damaged(lambda _, first=known.answers[same[0]]: first, key)  # type: ignore[misc]


@pytest.mark.parametrize("name", SITES)
@pytest.mark.parametrize("kind", NO_PAGE)
def test_document_is_none(name: str, kind: str) -> None:
    known = portal(name)
    key = known.some("detail")[0 if kind in ("empty", "chrome") else -1]
    assert known.damaged(lambda _: Answer(NO_PAGE[kind]), key).ledger.outcome()[0] == "partial"


@pytest.mark.parametrize("name", SITES)
@pytest.mark.parametrize("words", ["", "内容已下线，请返回首页"])
def test_document_keeps_nothing_but_its_title(name: str, words: str) -> None:
    known = portal(name)
    key = known.keys("detail")[0]
    title = known.asks[key].label
    head = f'<meta name="ArticleTitle" content="{title}">'
    page = html(title, CHROME, f"<h1>{title}</h1><p>{words}</p>", CHROME, head=head)
    assert known.damaged(lambda _: Answer(page), key).ledger.outcome()[0] == "partial"


@pytest.mark.parametrize("name", SITES)
@pytest.mark.parametrize("instead", ["door", "column"])
def test_document_leads_back(name: str, instead: str) -> None:
    """A document that was taken away: its address shows the home page, or the list it was in."""
    known = portal(name)
    other = known.answers[known.keys(instead)[0]]
    for key in known.some("detail"):
        assert known.damaged(lambda _: other, key).ledger.outcome()[0] == "partial"


@pytest.mark.parametrize("name", SITES)
def test_document_is_another_year(name: str) -> None:
    """A misrouted page is read for what it is, if at all: the report that it stands in for is missing."""
    known = portal(name)
    reports = {known.site.url[host] + path: report for (host, path), report in known.site.by_address.items()}
    asked = {
        key: reports[url] for key in known.keys("detail") if (url := known.asks[key].fetch.url) in reports
    }
    key, report = next(iter(asked.items()))
    other = next(k for k, r in asked.items() if r.year != report.year and r.format in ("v1", "v2"))
    walked = crawl(
        known.site, damage=lambda asked, answer: known.answers[other] if _key(asked) == key else answer
    )
    assert walked.ledger.outcome()[0] == "partial"
    for record in walked.records:
        if record.url == known.asks[key].fetch.url:
            assert (record.year, record.agency.name) == (asked[other].year, asked[other].agency)


@pytest.mark.parametrize("name", SITES)
def test_label_of_the_column_is_unknown(name: str) -> None:
    """Every word that could lead to the reports is gone from all pages but the reports themselves."""
    known = portal(name)
    renamed = rewritten(
        r"(?:政府)?(?:信息|政务)?公开(?:工作)?(?:年报|年度(?:工作)?报告)|年报|年度报告", "岁末材料"
    )
    hidden = [key for key in known.keys("door", "hub", "column", "page") if known.asks[key].role != "detail"]
    walked = known.damaged(renamed, *hidden)
    assert walked.ledger.outcome()[0] not in FINE


@pytest.mark.parametrize("name", SITES)
def test_other_bytes_than_the_header_says(name: str) -> None:
    known = portal(name)

    def in_gbk(_: Asked, answer: Answer) -> Answer:
        if not isinstance(answer.body, str) or "<" not in answer.body[:50]:
            return answer
        return replace(answer, body=answer.body.encode("gb18030"))

    walked = known.seen(in_gbk)
    assert walked.ledger.outcome() == ("ok", None)
    assert walked.stored == known.walked.stored


@pytest.mark.parametrize("name", SITES)
def test_titles_are_cut(name: str) -> None:
    known = portal(name)

    def cut(answer: Answer) -> Answer:
        text = re.sub(r'\stitle=(["\'])[^"\'\\]*\1', "", text_of(answer))
        return with_text(answer, re.sub(r"(<a\b[^>]*>)([^<]{18})[^<]{3,}(</a>)", r"\1\2…\3", text))

    assert known.damaged(cut, *known.keys("column", "page")).stored == known.walked.stored


@pytest.mark.parametrize("name", SITES)
def test_row_leads_to_a_stranger(name: str) -> None:
    known = portal(name)
    key = known.keys("detail")[0]
    tail = key[2].rpartition("/")[2]
    strange = rewritten(rf"(?<=[\"'])[^\"'\s<>]*{re.escape(tail)}(?=[\"'])", f"http://clone.example/{tail}")
    walked = crawl(
        known.site,
        damage=lambda asked, answer: (
            strange(answer) if _key(asked) in known.keys("column", "page") else answer
        ),
    )
    assert walked.ledger.refused["foreign_host"] == known.walked.ledger.refused["foreign_host"] + 1
    assert len(known.walked.stored - walked.stored) == 1
    assert walked.stored <= known.walked.stored


@pytest.mark.parametrize("name", TOTALS)
def test_order_changes_between_two_pages(name: str) -> None:
    """A document is taken away while the list is read: the first row of page 2 moves to page 1, which was read."""
    known = portal(name)
    moved = next(key for key in known.keys("page") if known.asks[key].fetch.page > 1)
    inside = [
        key
        for key in known.keys("detail")
        if key[2].rpartition("/")[2] in text_of(known.answers[moved])
        and known.asks[key].column is known.asks[moved].column
    ]
    walked = known.damaged(without_rows(inside[0]), moved)
    assert walked.ledger.outcome() == ("partial", "fewer_than_declared")
