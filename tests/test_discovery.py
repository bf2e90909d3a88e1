"""From link texts to leads: words of real portals, their look-alikes, and links that are no anchors."""

from __future__ import annotations

import pytest

from crawler.discovery import is_report_column, leads, promise, row_kind, shell_target
from crawler.webpage import Fetch, Link, WebPage

HOME = "http://www.lanhe.gov.cn/"

PROMISES = {
    "report": [
        "政府信息公开年报",
        "政府信息公开年度报告",
        "政府信息公开工作年度报告",
        "信息公开年报",
        "信息公开年度报告",
        "政务公开年度报告",
        "政府信息公开工作年报",
        "政府信息公开工作报告",
        "历年政府信息公开年报",
        "信息公开年报公示",
        "政府信息公开年报查询",
        "市政府信息公开年报",
        "岚河市政府信息公开年度报告",
        "各部门政府信息公开年度报告",
        "县政府部门政府信息公开工作年度报告",
        "【政府信息公开年报】",
        "政府信息公开年报>>",
        "· 政府信息公开年报",
        "政 府 信 息 公 开 年 报",
        "政府信息公开年报 更多",
    ],
    "weak_report": [
        "年报",
        "年度报告",
        "公开年报",
        "工作年报",
        "年度报告查询",
        "市政府年报",
        "市政府办公室年报",
        "市直部门年报",
        "县（市、区）年报",
        "乡镇（街道）年报",
        "青溪区年报",
    ],
    "document": [
        "岚河市人民政府2024年政府信息公开工作年度报告",
        "岚河市水务局2019年政府信息公开年报",
        "岚河市住房和城乡建设局（岚河市人民防空办公室）2021年政府信息公开工作年度报告全文",
    ],
    "hub": [
        "政府信息公开",
        "信息公开",
        "政务公开",
        "信息公开专栏",
        "政府信息公开平台",
        "政务公开平台",
        "岚河市政府信息公开",
        "主动公开",
        "部门信息公开",
        "县区政府信息公开",
    ],
    "second_hub": [
        "法定主动公开内容",
        "政府信息公开目录",
        "信息公开指南",
        "政府信息公开指南",
        "政府信息公开制度",
        "公开",
    ],
    "bodies": [
        "部门",
        "市直部门",
        "市政府部门",
        "县区",
        "县（市、区）",
        "乡镇街道",
        "乡镇（街道）",
        "镇街",
        "各乡镇",
        "直属机构",
        "政府网站导航",
        "市级部门",
        "开发区",
    ],
    "body": ["市水务局", "市政府办公室", "岚河市水务局", "青溪区人民政府", "青龙镇", "市场监督管理局"],
    "year": ["2024年", "2023", "2022年度", "2024年年报", "2024年度报告", "2021年政府信息公开年报"],
    "map": ["网站地图", "站点地图"],
}
LOOK_ALIKES = [
    "",
    "首页",
    "新闻中心",
    "政府网站工作年度报表",
    "政府网站年度报表",
    "法治政府建设年度报告",
    "法治政府建设年报",
    "依申请公开",
    "政府信息公开申请",
    "政府信息公开条例",
    "财政预决算",
    "财政年度报告",
    "统计年报",
    "审计报告",
    "企业年报公示",
    "环境信息公开年度报告",
    "校务公开年度报告",
    "政府工作报告",
    "关于做好2024年政府信息公开年度报告编制工作的通知",
    "一图读懂2024年政府信息公开工作年度报告",
    "政务公开工作要点",
    "办事大厅",
    "领导信箱",
    "市政府常务会议",
    "部门动态",
    "市人大",
    "更多公开",
    "社会信用体系",
    "机构职能",
    "岚河市2024年国民经济和社会发展统计公报",
    "公开" * 40,
]


@pytest.mark.parametrize(
    ("kind", "text"), [(kind, text) for kind, texts in PROMISES.items() for text in texts]
)
def test_promise(kind: str, text: str) -> None:
    assert promise(text) == kind


@pytest.mark.parametrize("text", LOOK_ALIKES)
def test_look_alikes_promise_nothing(text: str) -> None:
    assert promise(text) is None


# --- leads


def page(body: str, head: str = "", url: str = HOME) -> WebPage:
    return WebPage(url, f"<html><head>{head}</head><body>{body}</body></html>", Fetch(url))


def kinds(body: str, *more: Link) -> dict[str, str]:
    """Path → promise of the leads of a page."""
    return {lead.link.url.removeprefix(HOME): lead.kind for lead in leads(page(body), more)}


@pytest.mark.parametrize(
    "body",
    [
        '<a href="/nb/">政府信息公开年报</a>',
        '<a href="nb/" title="政府信息公开年报">政府信息…</a>',
        '<a href="/nb/"><img src="/i.png" alt="政府信息公开年报"></a>',
        '<a href="//www.lanhe.gov.cn/nb/#top"><span>政府信息</span><span>公开年报</span></a>',
        '<select><option>请选择</option><option value="/nb/">政府信息公开年报</option></select>',
        "<li onclick=\"window.open('/nb/')\">政府信息公开年报</li>",
        '<a href="javascript:void(0)" onclick="location.href=\'/nb/\'">政府信息公开年报</a>',
        "<a href=\"javascript:open('/nb/')\">政府信息公开年报</a>",
        '<div data-url="/nb/">政府信息公开年报</div>',
        '<a href="#" data-href="/nb/">政府信息公开年报</a>',
        '<img onclick="go(\'/nb/\')" title="政府信息公开年报" src="/i.png">',
    ],
)
def test_link_to_a_column_in_whatever_form(body: str) -> None:
    assert kinds(body) == {"nb/": "report"}


@pytest.mark.parametrize(
    "body",
    [
        '<a href="mailto:x@lanhe.gov.cn">政府信息公开年报</a>',
        '<a href="#nb">政府信息公开年报</a>',
        '<a href="javascript:void(0)">政府信息公开年报</a>',
        '<a href="ftp://www.lanhe.gov.cn/nb/">政府信息公开年报</a>',
        "<a>政府信息公开年报</a>",
        '<a href="http://[bad/">政府信息公开年报</a>',
    ],
)
def test_what_leads_nowhere(body: str) -> None:
    assert kinds(body) == {}


def test_best_promise_of_an_address_counts_and_each_address_once() -> None:
    body = '<a href="/nb/">年报</a><a href="/nb/">政府信息公开年报</a><a href="/nb/#a">政务公开</a>'
    assert kinds(body) == {"nb/": "report"}


def test_best_leads_come_first() -> None:
    body = (
        '<a href="/1">市水务局</a><a href="/2">政务公开</a><a href="/3">部门</a><a href="/4">信息公开年报</a>'
    )
    assert [lead.kind for lead in leads(page(body))] == ["report", "hub", "bodies", "body"]


def test_links_that_only_scripts_know() -> None:
    assert kinds("", Link(f"{HOME}tree?id=7", "政府信息公开年报")) == {"tree?id=7": "report"}


@pytest.mark.parametrize(
    "path", ["zwgk/zfxxgknb/", "xxgk/xxgknb/index.html", "zfxxgkndbg/list.shtml", "gknb"]
)
def test_address_speaks_where_the_text_says_nothing(path: str) -> None:
    assert kinds(f'<a href="/{path}">查看更多</a>') == {path: "weak_report"}


@pytest.mark.parametrize("text", ["下一页", "2", "尾页", "»", "岚河市2024年统计数据"])
def test_pagers_and_documents_below_such_an_address_are_no_columns(text: str) -> None:
    assert kinds(f'<a href="/zfxxgknb/index.html">{text}</a>') == {}


# --- what pages say of themselves


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        ('<meta name="ColumnType" content="信息公开年报">', True),
        ('<META NAME="columntype" CONTENT=" 政府信息公开年度报告 ">', True),
        ('<meta name="ColumnType" content="">', False),
        ('<meta name="ColumnType" content="信息公开指南">', False),
        ('<meta name="ColumnType" content="统计年报">', False),
        ('<meta name="ColumnType" content="">\n<meta name="ColumnName" content="政府信息公开年报">', True),
        ("<title>政府信息公开年报-岚河市人民政府</title>", True),
        ("<title>政府信息公开年报_岚河市人民政府</title>", True),
        ("<title>岚河市人民政府</title>", False),
        ("<title>年报</title>", False),
        ("", False),
        (
            '<meta name="ColumnType" content="信息公开年报"><meta name="ArticleTitle" content="2024年年报">',
            False,
        ),
    ],
)
def test_report_column(head: str, expected: bool) -> None:  # noqa: FBT001 - the expected value
    assert is_report_column(page("", head)) is expected


@pytest.mark.parametrize(
    ("head", "body", "target"),
    [
        ('<meta http-equiv="refresh" content="0;url=/new/">', "", "new/"),
        ("<META HTTP-EQUIV='Refresh' CONTENT=\"3; URL='index_new.html'\">", "", "index_new.html"),
        ("<script>window.location.href='/new/';</script>", "", "new/"),
        ('<script>location.replace("/new/")</script>', "", "new/"),
        ('<script>top.location = "new/a.html"</script>', '<a href="/new/a.html">点击进入</a>', "new/a.html"),
        ("<script>location='/a';location='/b';</script>", "", None),
        ("<script>location.href='/list?page=' + p</script>", "", None),
        ("<script>location.href='/'</script>", "", None),
        ('<meta http-equiv="refresh" content="600">', "", None),
        ("<script>location.href='/m/'</script>", "<p>这里是本市政府的首页，内容很多。</p>" * 20, None),
        (
            "<script>location.href='/m/'</script>",
            "".join(f'<a href="/{n}">{n}</a>' for n in range(5)),
            None,
        ),
    ],
)
def test_shells(head: str, body: str, target: str | None) -> None:
    assert shell_target(page(body, head)) == (None if target is None else HOME + target)


# --- rows

REPORT = "岚河市水务局2024年政府信息公开工作年度报告"


@pytest.mark.parametrize(
    ("title", "sure", "mixed"),
    [
        (REPORT, "report", "report"),
        ("2024年政府信息公开工作年度报告", "report", "report"),
        (f"{REPORT}.pdf", "report", "report"),
        ("信息公开年报2023", "report", "report"),
        ("政府信息公开工作年度报告", "branch", "branch"),
        ("2024年", "branch", "branch"),
        ("岚河市水务局年报", "branch", "branch"),
        ("市水务局", "branch", "other_title"),
        ("市直部门", "branch", "other_title"),
        ("2023年年报.pdf", "perhaps", "other_title"),
        ("水务局2024年度政府信息公开工作年…", "perhaps", "perhaps"),
        (f"一图读懂：{REPORT}", "report", "infographic"),
        ("岚河市2024年政府网站工作年度报表", "website_report", "website_report"),
        ("岚河市2024年法治政府建设年度报告", "rule_of_law", "rule_of_law"),
        ("2024年政府工作报告", "government_work", "government_work"),
        ("关于2024年财政预算的报告", "budget", "budget"),
        ("关于举办运动会的通知", "other_title", "other_title"),
    ],
)
def test_rows(title: str, sure: str, mixed: str) -> None:
    for expected, is_sure in ((sure, True), (mixed, False)):
        kind, reason = row_kind(title, f"{HOME}a.html", sure=is_sure)
        assert (kind or reason) == expected
        assert (kind is None) == bool(reason)


def test_file_in_a_report_column_may_be_one_whatever_it_is_called() -> None:
    assert row_kind("附件1", f"{HOME}P020250120.pdf", sure=True)[0] == "perhaps"
    assert row_kind("附件1", f"{HOME}P020250120.pdf", sure=False)[0] is None
