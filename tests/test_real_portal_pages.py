"""Pages of real portals as they stand. They lie beside the project and are never part of it.

Numbers of rows, dates and addresses were counted and read in the sources. Where a file doesn't say which address it
came from, it is given one of the kind that its system has.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

from crawler.discovery import is_report_column, leads, reports_linked
from crawler.platforms import recognise
from crawler.webpage import Fetch, WebPage
from crawler.wire.detect import verdict
from pipelines.cleaning import clean
from pipelines.decoding import decode
from pipelines.document import Document
from pipelines.extraction import extract, read

if TYPE_CHECKING:
    from crawler.platforms.base import Listing

PAGES = Path(__file__).resolve().parents[2] / "shared" / "real" / "portal-pages"
HTML = {"content-type": "text/html; charset=utf-8"}

pytestmark = pytest.mark.skipif(not PAGES.is_dir(), reason="the folder of real portal pages is not there")


class Row(NamedTuple):
    """A row as the source has it: the beginning of its title, the end of its address, its date."""

    title: str
    path: str
    published: str | None


class Case(NamedTuple):
    """A list and what it must be read as; ``more`` are the ends of the addresses of its further pages."""

    file: str
    url: str
    family: str
    count: int
    first: Row | None
    last: Row | None
    declared: int | None
    pages: int | None
    more: list[str]
    answer: bool = False


TABLE_3 = "《电力重大事故隐患判定标准及治理监督管理规定》 2026年第41号令"
WAS5 = "/was5/web/search?channelid=200210&templet=docs.jsp&sortfield=-docorderpri%2C-docreltime&classsql=chnlid%3D1813"
LISTS = [
    Case(
        "ndrc-list-trs.html",
        "https://www.ndrc.gov.cn/xxgk/zcfb/fzggwl/",
        "trs",
        25,
        Row(TABLE_3, "/fzggwl/202604/t20260409_1404577.html", "2026/04/09"),
        Row("《基础设施和公用事业特许经营管理办法》", "/fzggwl/202404/t20240409_1365563.html", "2024/04/09"),
        None,
        9,
        [f"/fzggwl/index_{n}.html" for n in range(1, 9)],
    ),
    Case(
        "csrc-list-ucap.html",
        "http://www.csrc.gov.cn/csrc/c106256/fg.shtml",
        "ucap",
        20,
        Row("中国证监会派出机构监管职责规定", "/csrc/c106256/c3217074/content.shtml", None),
        Row("期货交易所管理办法", "/csrc/c106256/c1653889/content.shtml", None),
        89,
        5,
        [f"/csrc/c106256/fg_{n}.shtml" for n in range(2, 6)],
    ),
    Case(
        "pingtan-list-trs.html",
        "http://www.pingtan.gov.cn/jhtml/cn/8423/",
        "trs",
        10,
        Row("平潭综合实验区2025年度政府信息公开工作年度报告", "/202603/t20260313_105587.htm", "2026-03-10"),
        Row("平潭综合实验区2016年度政府信息公开工作年度报告", "/201701/t20170118_80485.htm", "2017-01-18"),
        20,
        2,
        [f"{WAS5}&prepage=10&page=2"],
    ),
    Case(
        "handan-list-table.html",
        "http://hdzfxxgk.hd.gov.cn/zfwj/jinqixxgk/index.html",
        "trs",
        1,
        Row(
            "邯郸市教育局关于印发《邯郸市学校安全",
            "/gszbm/auto23716/202008/t20200805_1353179.html",
            "2020-08-05",
        ),
        None,
        6348,
        56,
        [f"/zfwj/jinqixxgk/index_{n}.html" for n in range(1, 56)],
    ),
    Case(
        "excerpts/cq_jjxxw_list_trs_createPage.html",
        "https://jjxxw.cq.gov.cn/zwgk_213/zfxxgkml/gsgg/",
        "trs",
        2,
        Row("关于重庆食品包装设计大赛入围作品的公示", "/gsgg/202607/t20260706_15802464.html", "2026-07-06"),
        Row("关于拟增补入选市经济信息委专家库", "/gsgg/202607/t20260703_15798287.html", "2026-07-03"),
        None,
        40,
        [f"/gsgg/index_{n}.html" for n in range(1, 40)],
    ),
    Case(
        "excerpts/cq_kjj_list_trs_createPage.html",
        "https://kjj.cq.gov.cn/zwgk_176/tzgg/",
        "trs",
        2,
        Row("重庆市科学技术局关于第二届", "/tzgg/202607/t20260702_15795188.html", "2026-07-02"),
        Row("重庆市科学技术局关于2026年第六批", "/tzgg/202607/t20260707_15805740.html", "2026-07-07"),
        None,
        34,
        [f"/tzgg/index_{n}.html" for n in range(1, 34)],
    ),
    Case(
        "excerpts/gxt_jiangsu_dataproxy_col6278.xml",
        "http://gxt.jiangsu.gov.cn/module/web/jpage/dataproxy.jsp?columnid=6278&unitid=324490&page=1",
        "hanweb",
        2,
        Row("关于印发江苏省“人工智能+制造”", "/art/2026/6/10/art_6278_11783480.html", "2026-06-10"),
        Row("省工业和信息化厅关于组织申报2026年度", "/art/2026/5/18/art_6278_11772533.html", "2026-05-18"),
        940,
        None,
        [],
        answer=True,
    ),
    Case(
        "excerpts/gxt_jiangsu_dataproxy_col80179.xml",
        "http://gxt.jiangsu.gov.cn/module/web/jpage/dataproxy.jsp?columnid=80179&unitid=403740&page=1",
        "hanweb",
        1,
        Row(
            "省工业和信息化厅关于印发《江苏省制造强省建设专项资金项目验收管理办法》的通知",
            "/art/2026/4/17/art_80179_11759099.html",
            "2026-04-17",
        ),
        None,
        762,
        None,
        [],
        answer=True,
    ),
    Case(
        "excerpts/jiangsu_col33718_inline_datastore.html",
        "http://www.jiangsu.gov.cn/col/col33718/index.html",
        "hanweb",
        2,
        Row("连云港跨里海班列运输提质提速", "/art/2026/9/11/art_33718_11828204.html", "2026-09-11"),
        Row("徐州以产业集群培育赋能", "/art/2025/12/15/art_33718_11693505.html", "2025-12-15"),
        4895,
        None,
        ["&columnid=33718&unitid=212860"],
    ),
    Case(
        "excerpts/zhaoqing_gkmlpt_api_all_21023.json",
        "https://www.zhaoqing.gov.cn/zqhjj/gkmlpt/api/all/21023?page=1&sid=758023",
        "gkmlpt",
        1,
        Row("金宸农牧科技（四会）有限公司", "/zqhjj/gkmlpt/content/3/3255/post_3255421.html", None),
        None,
        203,
        None,
        ["/zqhjj/gkmlpt/api/all/21023?page=2&sid=758023"],
    ),
    Case(
        "truecms-list.jsonp",
        "http://www.haimen.gov.cn/TrueCMS/messageController/getMessage.do?callback=raw&startrecord=1&endrecord=10&perpage=10",
        "hanweb",
        30,
        Row(
            "关于同意南通江海港建设工程有限公司汇成苑西区的行政许可",
            "/hmsgtj/xzxk/content/2299174a-ebc4-4862-acf5-4f8d8e244a08.html",
            "2026-07-15",
        ),
        Row(
            "关于同意南通市海门区住房和城乡建设局东布洲路（海兴路至岷江路段）的行政许可",
            "/hmsgtj/xzxk/content/ae4b08e4-461b-41bc-85ec-d05bf55667a0.html",
            "2026-04-03",
        ),
        377,
        None,
        [],
        answer=True,
    ),
]


def page(file: str, url: str) -> WebPage:
    body = (PAGES / file).read_bytes()
    return WebPage(url, decode(body, None).text, Fetch(url), body=body)


def listed(case: Case) -> tuple[str, Listing]:
    found = page(case.file, case.url)
    platform = recognise(found, case.family if case.answer else None)
    return platform.name, platform.listing(found)


@pytest.mark.parametrize("case", LISTS, ids=lambda case: case.file)
def test_lists(case: Case) -> None:
    family, listing = listed(case)
    assert family == case.family
    assert len(listing.entries) == case.count
    assert listing.declared == case.declared
    assert not listing.says_empty
    for entry, row in ((listing.entries[0], case.first), (listing.entries[-1], case.last)):
        if row is not None:
            assert entry.title.startswith(row.title)
            assert entry.url.endswith(row.path)
            assert row.published is None or entry.published == row.published


@pytest.mark.parametrize("case", [case for case in LISTS if not case.answer], ids=lambda case: case.file)
def test_further_pages(case: Case) -> None:
    _, listing = listed(case)
    if case.pages is not None:
        assert listing.pages == case.pages
        assert [fetch.page for fetch in listing.more] == list(range(2, case.pages + 1))
        assert len(listing.more) == len(case.more)
    for fetch, address in zip(listing.more, case.more, strict=False):
        assert address in fetch.url
        assert fetch.method == "GET" or "dataproxy" in fetch.url
    assert listing.more


@pytest.mark.parametrize("case", LISTS, ids=lambda case: case.file)
def test_only_one_of_these_lists_is_of_reports(case: Case) -> None:
    shown = page(case.file, case.url)
    assert is_report_column(shown) == case.file.startswith("pingtan")
    assert reports_linked(shown) == (10 if case.file.startswith("pingtan") else 0)


DATA = "https://www.a.gov.cn/api/list?pageIndex=1&pageSize=18"


def test_data_with_addresses() -> None:
    listing = recognise(page("excerpts/shyp_list.json", DATA)).listing(page("excerpts/shyp_list.json", DATA))
    assert [entry.url for entry in listing.entries] == [
        "https://www.shyp.gov.cn/zhengwu/zwgk-qzfwj/2026/135/2935.html"
    ]
    assert (listing.declared, listing.pages, len(listing.more)) == (1463, 98, 97)
    assert listing.more[0].url == DATA.replace("pageIndex=1", "pageIndex=2")


def test_data_with_dates() -> None:
    shown = page("excerpts/wnd_info_open_search.json", DATA)
    listing = recognise(shown).listing(shown)
    (entry,) = listing.entries
    assert entry.url == "http://www.wnd.gov.cn/doc/2026/06/03/4790460.shtml"
    assert entry.title == "关于印发无锡市优化营商环境行动方案（2026版）的通知"
    assert entry.published == "2026-06-03"
    assert (listing.declared, listing.pages) == (82, 28)


def test_data_without_addresses_invents_none() -> None:
    """Five rows of 16,255 whose addresses only the script of the portal knows: missing, and said to be."""
    shown = page("nfra-list.json", DATA)
    listing = recognise(shown).listing(shown)
    assert (listing.entries, listing.declared, listing.says_empty) == ((), 16255, False)
    assert leads(shown) == []


def test_front_page_of_a_disclosure_platform() -> None:
    found = page("handan-index.html", "http://hdzfxxgk.hd.gov.cn/")
    assert "http://hdzfxxgk.hd.gov.cn/zfwj/jinqixxgk/" in {
        lead.link.url for lead in leads(found) if lead.kind == "hub"
    }
    assert not is_report_column(found)
    assert reports_linked(found) == 0


class Detail(NamedTuple):
    """A document and what its labels say; None where the page has no such label."""

    file: str
    family: str
    url: str
    title: str | None
    index_number: str | None
    publisher: str | None
    published: str
    created: str | None = None
    document_number: str | None = None


DETAILS = [
    Detail(
        "ndrc-detail-trs.html",
        "trs",
        "https://www.ndrc.gov.cn/xxgk/zcfb/fzggwl/202604/t20260409_1404577.html",
        TABLE_3,
        None,
        "国家能源局",
        "2026-04-09",
    ),
    Detail(
        "most-detail-trs.html",
        "trs",
        "https://www.most.gov.cn/xxgk/xinxifenlei/fdzdgknr/fgzc/bmgz/202508/t20250805_194336.html",
        "科学技术部令第23号 科技部关于废止部分规章的决定",
        "30642-2025-001",
        "科技部",
        "2025-08-05",
        "2025-07-30",
        "科学技术部令第23号",
    ),
    Detail(
        "csrc-detail-ucap.html",
        "ucap",
        "http://www.csrc.gov.cn/csrc/c106256/c3217074/content.shtml",
        "中国证监会派出机构监管职责规定",
        None,
        "中国证监会",
        "2025-10-25T11:32:37+08:00",
    ),
    Detail(
        "sasac-detail.html",
        "generic",
        "http://www.sasac.gov.cn/n2588035/n2588320/n2588335/c32377016/content.html",
        None,
        None,
        "产权局",
        "2024-12-17",
    ),
    Detail(
        "shanxi-province-trs-2019.html",
        "trs",
        "http://www.shanxi.gov.cn/yw/sxyw/201909/t20190918_693227.shtml",
        "山西品牌丝路行（南美站）正式启动",
        None,
        None,
        "2019-09-18T06:23:00+08:00",
    ),
    Detail(
        "gov-cn-policy-1.html",
        "ucap",
        "http://www.gov.cn/zhengce/content/2019-02/15/content_5365945.htm",
        "国务院关于在市场监管领域全面推行部门联合“双随机、一公开”监管的意见",
        "000014349/2019-00007",
        "国务院",
        "2019-02-15",
        "2019-01-27",
        "国发〔2019〕5号",
    ),
    Detail(
        "gov-cn-policy-2.html",
        "ucap",
        "http://www.gov.cn/zhengce/content/2019-01/22/content_5360002.htm",
        "国务院办公厅关于开展城镇小区配套幼儿园治理工作的通知",
        "000014349/2019-00002",
        "国务院办公厅",
        "2019-01-22",
        "2019-01-09",
        "国办发〔2019〕3号",
    ),
    Detail(
        "pingtan-metadata-block-2016.html",
        "trs",
        "http://www.pingtan.gov.cn/jhtml/cn/8379/201610/t20161001_12345.htm",
        "平潭综合实验区管委会关于印发《平潭综合实验区城乡居民医疗救助实施办法》的通知",
        "PZ00101-1600-2016-00002",
        "平潭综合实验区管委会",
        "2016-10-01T15:29:00+08:00",
        "2016-09-30",
        "岚综管综〔2016〕250号",
    ),
    Detail(
        "handan-detail.html",
        "trs",
        "http://hdzfxxgk.hd.gov.cn/gszbm/auto23716/202008/t20200802_1352286.html",
        "邯郸市教育局关于印发《全市教育系统安全专项整治三年行动实施方案》的通知",
        "000014348/2020-35147",
        "邯郸市教育局",
        "2020-08-02",
    ),
    Detail(
        "excerpts/gxt_jiangsu_detail_col80179_metadata.html",
        "hanweb",
        "http://gxt.jiangsu.gov.cn/art/2026/4/17/art_80179_11759099.html",
        None,
        "696785044/2026-00017",
        None,
        "2026-04-17",
    ),
    Detail(
        "excerpts/wnd_detail_metadata.html",
        "generic",
        "http://www.wnd.gov.cn/doc/2026/06/03/4790460.shtml",
        None,
        "014032126/2026-00903",
        None,
        "2026-06-03",
        None,
        "锡新政发〔2026〕1号",
    ),
    Detail(
        "templates/clone-anhui-lonsun-ah_jyt_40678766.html",
        "lonsun",
        "https://jyt.ah.gov.cn/xwzx/jcjy/40678766.html",
        "拨动心弦 守护心灵健康 肥西县举办心理健康教育主题演讲比赛",
        None,
        "肥西县教育局",
        "2023-11-06T00:00:00+08:00",
    ),
    Detail(
        "templates/clone-fangchenggang-trs-fcgs_t18993630.shtml",
        "trs",
        "http://www.fcgs.gov.cn/zxzx/zdxm/t18993630.shtml",
        "广西防城港白龙核电项目一期工程建设动员大会举行",
        None,
        None,
        "2024-09-12T10:10:00+08:00",
    ),
    Detail(
        "templates/clone-guangzhou-nfcms-guangzhou_post_9360641.html",
        "gkmlpt",
        "https://www.gz.gov.cn/ysgz/xwdt/ysdt/content/post_9360641.html",
        "广州美妆产业依靠自主创新持续发力",
        None,
        None,
        "2023-12-05T09:30:26+08:00",
    ),
    Detail(
        "templates/clone-jinan-hanweb-jinan_art_1861_4982441.html",
        "hanweb",
        "http://www.jinan.gov.cn/art/2024/6/19/art_1861_4982441.html",
        "全市城市更新和乡村振兴现场推进会到高新区历下区考察",
        None,
        None,
        "2024-06-19T07:27:00+08:00",
    ),
    Detail(
        "templates/clone-langfang-hebei-langfang_detail.html",
        "generic",
        "http://www.lf.gov.cn/Item/90042.aspx",
        "我市开展“孝暖廊坊 爱在重阳”主题文化活动",
        None,
        None,
        "2019-10-08T08:48:00+08:00",
    ),
    Detail(
        "templates/clone-liaoyang-epoint-liaoyang_detail.html",
        "epoint",
        "http://www.liaoyang.gov.cn/lysrmzf/xwzx/bsyw/20230612/index.html",
        "辽宁省第十四届运动会青少年组现代五项比赛在弓长岭区开幕",
        None,
        None,
        "2023-06-12T09:51:00+08:00",
    ),
    Detail(
        "templates/clone-utf16-xiangtan_utf16le.html",
        "generic",
        "http://www.xiangtan.gov.cn/109/171/174/content_1335045.html",
        "“从齐白石故乡吹来的风”书画展亮相澳门",
        None,
        None,
        "2024-09-30T09:24:00+08:00",
    ),
]


@pytest.mark.parametrize("detail", DETAILS, ids=lambda detail: detail.file)
def test_labels_of_documents(detail: Detail) -> None:
    document = Document(url=detail.url, body=(PAGES / detail.file).read_bytes())
    found = read(clean(document)).metadata
    assert found.title == detail.title
    assert found.index_number == detail.index_number
    assert found.publisher == detail.publisher
    assert found.published == detail.published
    assert found.created == detail.created
    if detail.document_number is not None:
        assert found.document_number == detail.document_number


def test_labels_without_a_date() -> None:
    body = (PAGES / "excerpts/shyp_detail_metadata.html").read_bytes()
    found = read(clean(Document(url="https://www.shyp.gov.cn/2935.html", body=body))).metadata
    assert (found.index_number, found.document_number) == ("YP-2026-00491", "杨府发〔2026〕4号")
    assert (found.publisher, found.published) == ("上海市杨浦区人民政府", None)


@pytest.mark.parametrize("detail", DETAILS, ids=lambda detail: detail.file)
def test_documents_are_neither_reports_nor_columns(detail: Detail) -> None:
    shown = page(detail.file, detail.url)
    assert extract(Document(url=detail.url, body=shown.body)).kind == "not_a_report"
    assert not is_report_column(shown)
    assert reports_linked(shown) == 0


@pytest.mark.parametrize("detail", DETAILS, ids=lambda detail: detail.file)
def test_families_of_documents(detail: Detail) -> None:
    assert recognise(page(detail.file, detail.url)).name == detail.family


def test_way_to_the_reports_from_any_page() -> None:
    detail = next(one for one in DETAILS if "fangchenggang" in one.file)
    reports = [lead.link.url for lead in leads(page(detail.file, detail.url)) if lead.kind == "report"]
    assert reports == ["http://www.fcgs.gov.cn/zfxxgk/zfxxgkndbg/"]


def test_hubs_of_a_province() -> None:
    detail = next(one for one in DETAILS if "shanxi" in one.file)
    hubs = {
        lead.link.text: lead.link.url for lead in leads(page(detail.file, detail.url)) if lead.kind == "hub"
    }
    assert hubs["政府信息公开专栏"] == "http://www.shanxi.gov.cn/zw/zfgkzl/"


@pytest.mark.parametrize(
    ("file", "status", "code"),
    [
        ("ruishu-412.html", 412, "challenge_412"),
        ("ruishu-412.html", 200, "challenge_js"),
        ("jsl-521.html", 521, "challenge_521"),
        ("jsl-521.html", 200, "challenge_js"),
    ],
)
def test_challenges_are_blocks(file: str, status: int, code: str) -> None:
    """With the status that they came with, and with the 200 that other installations send."""
    headers = HTML
    if status == 412:
        kept = json.loads((PAGES / "challenges/ruishu-412-headers.json").read_text("utf-8"))
        headers = {name: value for name, value in kept.items() if isinstance(value, str)}
    body = (PAGES / "challenges" / file).read_bytes()
    assert verdict(status, headers, body, "http://www.a.gov.cn/xxgk/nb/") == code


ORDINARY = sorted(
    path.relative_to(PAGES).as_posix()
    for path in PAGES.rglob("*")
    if path.is_file() and path.parent.name != "challenges"
)


@pytest.mark.parametrize("file", ORDINARY)
def test_ordinary_pages_are_no_blocks(file: str) -> None:
    assert verdict(200, HTML, (PAGES / file).read_bytes(), "http://www.a.gov.cn/xxgk/nb/a.html") is None


def test_every_file_is_looked_at() -> None:
    named = {case.file for case in LISTS} | {detail.file for detail in DETAILS}
    others = {
        "nfra-list.json",
        "excerpts/shyp_list.json",
        "excerpts/wnd_info_open_search.json",
        "handan-index.html",
        "excerpts/shyp_detail_metadata.html",
    }
    assert set(ORDINARY) == named | others
