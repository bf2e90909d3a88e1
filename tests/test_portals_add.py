"""``scrapy portals probe`` and ``add``: what a look finds, and what a new portal leaves behind."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from crawler.adding import REGISTRY, AddingError, Row, add, row_of, with_row
from crawler.registry import parse_province
from crawler.webpage import Fetch, WebPage
from tests.small_portal import ROOT, ROWS, environment, portal
from tests.test_pages import check

if TYPE_CHECKING:
    from pathlib import Path

HOME = "http://www.xinfu.gov.cn/"
PAGE = (
    '<html><head><title>忻府区人民政府</title><meta name="SiteIDCode" content="{code}0001"></head>'
    '<body><a href="/nb/">政府信息公开年报</a><a href="/xxgk/">政府信息公开</a></body></html>'
)
FILE = """code = "140000"
unknown = [
  { division = "140902", name = "忻府区", reason = "address_unknown", since = 2026-11-22 },
  { division = "140926", name = "静乐县", reason = "address_unknown", since = 2026-11-22 },
]
portals = [
  { division = "140900", name = "忻州市", home = "http://www.sxxz.gov.cn/" },
  { division = "140921", name = "定襄县", home = "http://www.dingxiang.gov.cn/" },
]
"""
ROW = Row("140902", "忻府区", HOME, platform="trs", site_id="1409020001")


def page(code: str = "140902", text: str | None = None) -> WebPage:
    text = PAGE.format(code=code) if text is None else text
    return WebPage(url=HOME, text=text, asked=Fetch(HOME), body=text.encode(), content_type="text/html")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project with a registry of its own."""
    shutil.copytree(ROOT / REGISTRY, tmp_path / REGISTRY)
    return tmp_path


def portals(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-m", "scrapy", "portals", *arguments],
        cwd=ROOT,
        env=environment(),
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )


# --- the row


def test_page_tells_division_and_platform() -> None:
    trs = page(
        text=PAGE.format(code="140902").replace(
            "</body>", "<script>createPageHTML(3, 0, 'index', 'html')</script></body>"
        )
    )
    assert row_of(trs, HOME + "index.html?x=1") == Row(
        "140902", "忻府区", HOME + "index.html", "trs", "1409020001"
    )


def test_platform_without_evidence_is_left_open() -> None:
    assert row_of(page(), HOME).platform is None


def test_division_as_given_goes_before_that_of_the_page() -> None:
    assert row_of(page(), HOME, division="140926") == Row("140926", "静乐县", HOME)
    assert row_of(page(), HOME, name="静乐县").division == "140926"


@pytest.mark.parametrize(
    ("text", "division", "name", "key"),
    [
        ("<html></html>", None, None, "division_unknown"),
        (None, "999999", None, "unknown_division"),
        (None, None, "不存在县", "no_such_name"),
        (None, None, "城区", "many_divisions"),
        (None, "140926", "忻府区", "name_differs"),
    ],
)
def test_no_row_is_guessed(text: str | None, division: str | None, name: str | None, key: str) -> None:
    with pytest.raises(AddingError) as caught:
        row_of(page(text=text), HOME, division, name)
    assert caught.value.key == key


def test_row_stands_in_order_and_closes_the_gap() -> None:
    lines = with_row(FILE, ROW).splitlines()
    assert '"140902"' not in "".join(lines[:4])
    assert [line[16:22] for line in lines if 'home = "' in line] == ["140900", "140902", "140921"]
    last = with_row(FILE, Row("149000", "x", HOME)).splitlines()
    assert '"149000"' in last[-2]
    assert last[-1] == "]"


def test_row_is_read_back_as_written() -> None:
    head = 'code = "140000"\nname = "山西省"\nprefixes = ["14"]\nportals = [\n]\n'
    (read,) = parse_province("x", with_row(head, ROW)).portals
    assert (read.division, read.name, read.home, read.platform, read.site_id) == (
        ROW.division,
        ROW.name,
        ROW.home,
        ROW.platform,
        ROW.site_id,
    )


# --- what is written


def test_new_portal_leaves_a_row_and_a_test_that_fails_until_somebody_has_looked(root: Path) -> None:
    added = add(row_of(page(), HOME), page(), root)
    assert added.province.name == "shanxi.toml"
    province = parse_province("shanxi", added.province.read_text("utf-8"))
    assert [row.home for row in province.portals if row.division == "140902"] == [HOME]
    assert (added.fixture / "page.html").read_bytes() == page().body

    with pytest.raises(pytest.fail.Exception, match="compare"):
        check(added.fixture)
    draft = added.fixture / "expected.draft.json"
    assert json.loads(draft.read_text("utf-8"))["report_columns"] == [HOME + "nb/"]
    draft.rename(added.fixture / "expected.json")
    check(added.fixture)


@pytest.mark.parametrize(
    ("row", "code"),
    [
        (Row("140900", "忻州市", "http://www.dt.gov.cn/"), "duplicate_address"),
        (Row("140902", "忻府区", "http://www.xinfu.example.com/"), "not_government"),
        (Row("140902", "忻州区", HOME), "name_differs"),
    ],
)
def test_row_that_the_lint_would_refuse_is_not_written(row: Row, code: str, root: Path) -> None:
    before = {file: file.read_bytes() for file in (root / REGISTRY).iterdir()}
    with pytest.raises(AddingError) as caught:
        add(row, page(), root)
    assert code in {problem.code for problem in caught.value.problems}
    assert {file: file.read_bytes() for file in (root / REGISTRY).iterdir()} == before
    assert not (root / "fixtures").exists()


# --- the commands


def test_add_offline(root: Path) -> None:
    (root / "home.html").write_text(PAGE.format(code="140902"), "utf-8")
    arguments = ("add", HOME, "--page", str(root / "home.html"), "--root", str(root))
    done = portals(*arguments)
    assert done.returncode == 0, done.stderr
    assert "忻府区" in (root / REGISTRY / "shanxi.toml").read_text("utf-8").partition("portals = [")[2]
    again = portals(*arguments, "--lang", "en")
    assert again.returncode == 2
    assert "address xinfu.gov.cn is also that of 140902" in again.stderr
    missing = portals("add", HOME, "--page", str(root / "none.html"))
    assert missing.returncode == 2
    assert "Traceback" not in missing.stderr


def test_probe_shows_columns_and_rows_and_writes_nothing(tmp_path: Path) -> None:
    manners = ("-s", "GONGKAI_LOOPBACK=True", "-s", "DOWNLOAD_DELAY=0", "-s", f"GONGKAI_DATA={tmp_path}")
    with portal(*ROWS) as url:
        done = portals("probe", url, *manners)
    assert done.returncode == 0, done.stderr
    assert f"政府信息公开年报  {url}gknb/" in done.stdout
    assert f"见到 {len(ROWS)} 条，网站自报 {len(ROWS)} 条" in done.stdout
    assert "✓ 2025-01-20  云岭市市场监督管理局2024年政府信息公开工作年度报告" in done.stdout
    assert "Traceback" not in done.stderr
    assert not list(tmp_path.iterdir())


def test_probe_of_a_portal_that_does_not_answer() -> None:
    done = portals(
        "probe",
        "http://127.0.0.1:9/",
        "--lang",
        "en",
        "-s",
        "GONGKAI_LOOPBACK=True",
        "-s",
        "RETRY_ENABLED=False",
    )
    assert done.returncode == 1
    assert "could not be had: connection refused" in done.stdout
    assert "Traceback" not in done.stderr


def test_probe_needs_an_address() -> None:
    assert portals("probe").returncode == 2
    assert portals("probe", "nonsense").returncode == 2
