"""Hanweb, jpaas and TrueCMS: what is read from their pages and answers, and what is asked next."""

from __future__ import annotations

import json
from pathlib import Path
from time import process_time
from urllib.parse import parse_qs, urlsplit

import pytest

from crawler.platforms import recognise
from crawler.platforms.base import Listing
from crawler.platforms.hanweb import Hanweb
from crawler.webpage import Fetch, WebPage

SITE = "http://www.lanhe.gov.cn"
COLUMN = f"{SITE}/col/col104/index.html"
REAL = Path(__file__).parents[2] / "shared" / "real" / "portal-pages"
real = pytest.mark.skipif(not REAL.is_dir(), reason="real pages are not here")


def read(text: str, fetch: Fetch | str = COLUMN) -> Listing:
    fetch = Fetch(fetch) if isinstance(fetch, str) else fetch
    return Hanweb().listing(WebPage(url=fetch.url, text=text, asked=fetch))


def record(number: int, title: str = "") -> str:
    title = title or f"第{number}份文件的标题"
    return f"<record><![CDATA[<li><a href='/art/2025/1/2/art_104_{number}.html' title='{title}'>{title[:6]}…</a><span>2025-01-02</span></li>]]></record>"


def store(first: int, last: int, inside: str = "") -> str:
    return f"<datastore>{inside}<recordset>{''.join(map(record, range(first, last + 1)))}</recordset></datastore>"


def unit(rows: str, options: str, name: str = "212860") -> str:
    return f"""<div id="{name}"><script type="text/xml">{rows}</script></div><script>$('#{name}').jpage({{{options}}});</script>"""


OPTIONS = (
    "totalRecord:{total},perPage:5,groupSize:3,proxyUrl:'/module/jpage/dataproxy.jsp',"
    "ajaxParam:{{col:1,path:'/',columnid:{column},unitid:'212860',webname:'岚河'}}"
)
CALL = OPTIONS.format(total=23, column=104)


def query(fetch: Fetch) -> dict[str, str]:
    return {
        name: values[-1]
        for name, values in parse_qs(urlsplit(fetch.url).query, keep_blank_values=True).items()
    }


# ---------------------------------------------------------------- jpage


def test_rows_of_the_script_and_the_next_page() -> None:
    listing = read(unit(store(1, 15), CALL))
    assert [entry.url for entry in listing.entries] == [
        f"{SITE}/art/2025/1/2/art_104_{n}.html" for n in range(1, 16)
    ]
    assert listing.entries[0].title == "第1份文件的标题"
    assert listing.entries[0].published == "2025-01-02"
    assert listing.declared == 23
    (more,) = listing.more
    assert (more.method, more.page) == ("POST", 2)
    assert query(more) == {"startrecord": "16", "endrecord": "20", "perpage": "5", "page": "4"}
    assert dict(more.form)["columnid"] == "104"
    assert dict(more.headers)["Referer"] == COLUMN
    methods = [(fetch.method, urlsplit(fetch.url).path) for (fetch,) in listing.alternatives]
    assert methods[0] == ("GET", "/module/jpage/dataproxy.jsp")
    assert ("GET", "/module/web/jpage/dataproxy.jsp") in methods


@pytest.mark.parametrize(
    "options",
    [
        'totalRecord : "23", perPage : \'5\', proxyUrl : "/module/jpage/dataproxy.jsp", ajaxParam : { columnid : "104", unitid:"212860" }',
        "perPage:5,\n  totalrecord:23,proxyUrl:'http://10.0.0.7:8080/module/jpage/dataproxy.jsp',ajaxParam:{'columnid':104,'unitid':212860}",
    ],
)
def test_spellings_of_the_call(options: str) -> None:
    (more,) = read(unit(store(1, 5), options)).more
    assert urlsplit(more.url).netloc == "www.lanhe.gov.cn"
    assert query(more)["startrecord"] == "6"
    assert dict(more.form) == {"columnid": "104", "unitid": "212860"}


def test_only_the_next_group_is_printed() -> None:
    group = (
        '<nextgroup><![CDATA[<a href="/module/web/jpage/dataproxy.jsp?page=1&amp;columnid=104&unitid=7'
        "&path='/'&webname=%25E5%25B2%259A\"></a>]]></nextgroup>"
    )
    listing = read(f'<div id="7"><script type="text/xml">{store(1, 3, group)}</script></div>')
    assert len(listing.entries) == 3
    assert listing.declared is None
    (more,) = listing.more
    assert more.method == "GET"
    assert query(more)["webname"] == "%E5%B2%9A"
    assert query(more)["page"] == "2"


def test_nothing_more_where_all_rows_came_with_the_page() -> None:
    assert read(unit(store(1, 8), OPTIONS.format(total=8, column=104))).more == ()
    fewer_than_a_page = CALL.replace("totalRecord:23,", "")
    assert read(unit(store(1, 8), fewer_than_a_page)).more == ()


def test_an_empty_list_says_so() -> None:
    listing = read(unit(store(1, 0), OPTIONS.format(total=0, column=104)))
    assert listing.says_empty
    assert (listing.declared, listing.more) == (0, ())


def test_rows_in_an_array() -> None:
    rows = r"""'<tr><td><a href=\'\/art\/2017\/4\/24\/art_104_1.html\' title=\'关于\u516c开的通知\'>关于…<\/a></td><td>[2017-04-24]</td></tr>',
      "<tr><td><a href='/art/2016/1/2/art_104_2.html'>第二个文件</a></td></tr>" """
    options = CALL.replace("perPage:5", "perPage:2,dataStore:InitData49468")
    listing = read(f"<script>var InitData49468 = [{rows}]; $('#49468').jpage({{{options}}})</script>")
    assert [(entry.title, entry.published) for entry in listing.entries] == [
        ("关于公开的通知", "2017-04-24"),
        ("第二个文件", None),
    ]
    assert query(listing.more[0])["startrecord"] == "3"


def test_the_list_of_the_column_among_several() -> None:
    page = unit(store(1, 5), OPTIONS.format(total=5, column=9), "1") + unit(
        store(6, 9), OPTIONS.format(total=4, column=104), "2"
    )
    assert read(page).declared == 4
    assert len(read(page, f"{SITE}/col/col77/index.html").entries) == 9


@pytest.mark.parametrize("call", ["'unitid':'7'", "'col':1"])
def test_calls_belong_to_the_stores_of_their_unit_or_element(call: str) -> None:
    group = '<nextgroup><![CDATA[<a href="/module/web/jpage/dataproxy.jsp?page=1&columnid=104&unitid=7"></a>]]></nextgroup>'
    lists = "".join(
        f"""<div id="l{n}"><script type="text/xml">{store(n, n + 2, group.replace("unitid=7", f"unitid={7 * n}"))}</script></div>"""
        f"""<script>$('#l{n}').jpage({{totalRecord:3,perPage:5,ajaxParam:{{{call.replace("7", str(7 * n))}}}}});</script>"""
        for n in (1, 4)
    )
    listing = read(lists, f"{SITE}/nb.html")
    assert (len(listing.entries), listing.declared, listing.more) == (6, 6, ())


def test_several_links_in_a_row() -> None:
    row = "<record><![CDATA[<li>[<a href='/col/col9/index.html'>部门信息公开专栏的名称</a>]<a href='/art/2025/1/2/art_104_1.html'>公开年报</a></li>]]></record>"
    (entry,) = read(unit(f"<datastore><recordset>{row}</recordset></datastore>", CALL)).entries
    assert entry.title == "公开年报"


ASKED = Fetch(
    f"{SITE}/module/jpage/dataproxy.jsp?startrecord=16&endrecord=20&perpage=5&page=4",
    "POST",
    (("columnid", "104"),),
    page=2,
    base=COLUMN,
)


def test_an_answer_gives_the_rest_and_no_count_of_pages() -> None:
    listing = read(store(16, 20, "<totalrecord>28</totalrecord><totalpage>93</totalpage>"), ASKED)
    assert len(listing.entries) == 5
    assert (listing.declared, listing.pages) == (28, None)
    assert [(query(fetch)["startrecord"], query(fetch)["page"], fetch.page) for fetch in listing.more] == [
        ("21", "5", 3),
        ("26", "6", 4),
    ]
    assert listing.more[0].form == ASKED.form


def test_an_answer_without_total_leads_to_the_next_page_only() -> None:
    assert [query(fetch)["startrecord"] for fetch in read(store(16, 20), ASKED).more] == ["21"]
    assert read(store(16, 18), ASKED).more == ()


@pytest.mark.parametrize(
    "text", ["", "<html><body>系统错误 <a href='/'>首页</a></body></html>", "<datastore></datastore>"]
)
def test_an_answer_that_is_no_list_has_no_rows(text: str) -> None:
    assert read(text, ASKED) == Listing()


def test_truecms_gives_more_than_asked() -> None:
    xml = store(1, 30, "<totalrecord>70</totalrecord>")
    answer = ";raw(" + json.dumps({"result": xml}) + ")"
    asked = Fetch(
        f"{SITE}/TrueCMS/messageController/getMessage.do?startrecord=61&endrecord=70&perpage=10&columnId=a-b",
        page=2,
    )
    assert read(answer, asked).more == ()
    first = Fetch(asked.url.replace("61", "1").replace("=70", "=10"), page=2)
    listing = read(answer, first)
    assert (len(listing.entries), listing.declared) == (30, 70)
    assert [query(fetch)["startrecord"] for fetch in listing.more] == ["31", "61"]


def test_truecms_column() -> None:
    rows = "".join(
        f"<ul><li><a href='/x/content/{n:08x}-0000-4000-8000-000000000000.html'>标题{n}号文件</a></li></ul>"
        for n in range(4)
    )
    listing = read(
        f"<div id='initData'>{rows}</div><script>$('#msgList').jpage({{dataStore:initData,totalRecord:\"9\",perPage:2,"
        "contentTemplate:'<record><![CDATA[<a href=\"${(m.htmlPath)!}\">${m.t}</a>]]></record>',"
        "proxyUrl:'/TrueCMS/messageController/getMessage.do',ajaxParam:{columnId:'a-b'}})</script>",
        f"{SITE}/x/x.html",
    )
    assert len(listing.entries) == 4
    (more,) = listing.more
    assert more.method == "GET"
    assert query(more) == {
        "startrecord": "5",
        "endrecord": "6",
        "perpage": "2",
        "contentTemplate": "",
        "columnId": "a-b",
    }


# ---------------------------------------------------------------- jpaas


@pytest.mark.parametrize(
    ("stated", "declared"), [("count='3' rows='5' total='14'", 14), ("count='3' rows='5'", None)]
)
def test_a_count_below_the_rows_in_sight_is_one_of_pages(stated: str, declared: int | None) -> None:
    rows = "".join(
        f"<li><a href='/art/2025/1/2/art_104_{n}.html'>第{n}份文件的标题</a></li>" for n in range(1, 6)
    )
    asked = Fetch(f"{SITE}{UNIT}?webId=1&pageId=2&tplSetId=3")
    listing = read(json.dumps({"data": {"html": f"<ul>{rows}</ul><div {stated}></div>"}}), asked)
    assert (listing.declared, listing.pages, len(listing.more)) == (declared, 3, 2)


UNIT = "/api-gateway/jpaas-publish-server/front/page/build/unit"
DATA = "{'parseType':'buildstatic','webId':'52','tplSetId':'Ms-P','pageType':'column','tagId':'信息列表','editType':'null','pageId':'1638'%s}"
ROWS = "".join(
    f'<li><a href="/zw/art/2025/art_{n:032x}.html">第{n}份年度文件标题</a><span>2025-01-02</span></li>'
    for n in range(4)
)


def test_a_unit_is_asked_as_its_script_does() -> None:
    menu = DATA.replace("信息列表", "网站导航") % ""
    listing = read(
        f'<script src="/AuthorizedRead/unitbuild.js" url="{UNIT}" queryData="{menu}"></script>'
        f"<script SRC='/AuthorizedRead/unitbuild.js' URL='{UNIT}' querydata=\"{DATA % ''}\"></script>"
    )
    (more,) = listing.more
    assert more.url.isascii()
    assert query(more)["tagId"] == "信息列表"
    assert query(more)["parseType"] == "buildstatic"
    assert "paramJson" not in query(more)
    assert more.page == 2


def test_pages_of_a_unit() -> None:
    asked = Fetch(f"{SITE}{UNIT}?webId=52&tagId=%E5%88%97", page=2, base=COLUMN)
    markup = (
        f'<ul class="page-content">{ROWS}</ul><div class="pagination" rows="4" count="10" pageNo="1"></div>'
    )
    listing = read(json.dumps({"data": {"html": markup}}), asked)
    assert (len(listing.entries), listing.declared, listing.pages) == (4, 10, 3)
    assert [json.loads(query(fetch)["paramJson"]) for fetch in listing.more] == [
        {"pageNo": 2, "pageSize": 4},
        {"pageNo": 3, "pageSize": 4},
    ]
    assert [fetch.page for fetch in listing.more] == [3, 4]
    last = read(json.dumps({"data": {"html": markup}}), listing.more[-1])
    assert last.more == ()


def test_rows_in_the_page_with_a_pager() -> None:
    pager = DATA % ",'rows':'4','count':'9','pageNo':'1'"
    listing = read(f'<ul class="list">{ROWS}</ul><div class="pagination" queryData="{pager}"></div>')
    assert (len(listing.entries), listing.declared) == (4, 9)
    assert [json.loads(query(fetch)["paramJson"])["pageNo"] for fetch in listing.more] == [2, 3]


@pytest.mark.parametrize("text", ["", "<html></html>", '{"data": null}', '{"code": 500}', "[" * 100_000])
def test_a_broken_unit_has_no_rows(text: str) -> None:
    assert read(text, Fetch(f"{SITE}{UNIT}?webId=52", page=2)).entries == ()


# ---------------------------------------------------------------- disclosure module

SHELL = (
    "<script>loadDynamic('/module/xxgk/search.jsp?standardXxgk=1&infotypeId=Z24&vc_title=&area=0025', 'div4', '', '', '', '408')"
    "</script>"
)


def test_a_shell_asks_by_post() -> None:
    listing = read(SHELL)
    (more,) = listing.more
    form = dict(more.form)
    assert (more.method, urlsplit(more.url).path) == ("POST", "/module/xxgk/search.jsp")
    assert (form["infotypeId"], form["area"], form["divid"], form["jdid"], form["currpage"]) == (
        "Z24",
        "0025",
        "div4",
        "408",
        "1",
    )
    ((other,),) = listing.alternatives
    assert other.method == "GET"


def test_the_address_of_a_shell_names_organ_and_category() -> None:
    page = '<iframe src="/module/xxgk/tree.jsp?divid=div9&amp;area=&amp;standardXxgk=1"></iframe>'
    form = dict(read(page, f"{COLUMN}?number=B24&vc_xxgkarea=0031").more[0].form)
    assert (form["infotypeId"], form["area"], form["divid"]) == ("B24", "0031", "div9")


def test_rows_of_the_module() -> None:
    row = (
        '<tr class="tr_main_value_odd"><td>1</td><td><a href="/art/2025/1/2/art_9_1.html" title="岚河市水务局2024年年报" '
        'syh="0025/2025-1">岚河…</a></td><td>2025-01-02</td></tr>'
    )
    first = read(SHELL).more[0]
    listing = read(
        f"<table class='tab_box'>{row}<tr><td class='tb_title'>共&nbsp;41&nbsp;条&nbsp;共3页</td></tr></table>",
        first,
    )
    (entry,) = listing.entries
    assert (entry.title, entry.published, entry.metadata) == (
        "岚河市水务局2024年年报",
        "2025-01-02",
        (("索引号", "0025/2025-1"),),
    )
    assert (listing.declared, listing.pages) == (41, 3)
    assert [dict(fetch.form)["currpage"] for fetch in listing.more] == ["2", "3"]


def test_categories_of_a_tree() -> None:
    tree = f"{SITE}/module/xxgk/tree.jsp?divid=div4&area=0025"
    text = r"""d.add(7,1,'<a href="#" onclick="funclick(\'Z24\',\'div4\')">政府信息公开年报</a>');"""
    (link,) = Hanweb().branches(WebPage(url=tree, text=text, asked=Fetch(tree)))
    assert link.text == "政府信息公开年报"
    form = dict(read(text, link.url).more[0].form)
    assert (form["infotypeId"], form["area"]) == ("Z24", "0025")


def test_years_and_organs_of_the_annual_module() -> None:
    url = f"{SITE}/module/xxgk/xxgkAnnualReport.jsp?area=1137&fbtime=2024&showType=2"
    text = (
        '<select><option value="2023">2023</option><option value="">请选择</option></select>'
        '<select><option value="11370051">市民政局</option></select><li onclick="year(\'2022\')">2022年</li>'
        '<a href="/x/2021.html">2021年</a>'
    )
    links = Hanweb().branches(WebPage(url=url, text=text, asked=Fetch(url)))
    assert [(link.text, link.url.partition("?")[2]) for link in links] == [
        ("2023年", "area=1137&fbtime=2023&showType=2"),
        ("市民政局", "area=11370051&fbtime=2024&showType=2"),
        ("2022年", "area=1137&fbtime=2022&showType=2"),
    ]


# ---------------------------------------------------------------- the family


@pytest.mark.parametrize(
    "text",
    [
        "<script src='/script/jpage/jquery.jpage.js'></script>",
        "<!--<$[标题]>begin-->",
        "<a href='http://www.hanweb.com' style='display:none'>Produced By 大汉网络 大汉版通发布系统</a>",
        '<a href="/col/col20/index.html">政务公开</a>',
        "<a href=/art/2024/1/26/art_5985_984980.html>",
        "<a href='../art/2024/art_0a1b.html'>",
        f"<script url='{UNIT}'></script>",
        "proxyUrl:'/TrueCMS/messageController/getMessage.do'",
    ],
)
def test_known_by_its_marks(text: str) -> None:
    assert recognise(WebPage(url=SITE, text=text, asked=Fetch(SITE))).name == "hanweb"


def test_known_by_whole_addresses_of_its_own() -> None:
    page = WebPage(
        url=f"{SITE}/x.html", text=f'<a href="{SITE}/art/2024/1/26/art_5_9.html">', asked=Fetch(SITE)
    )
    assert Hanweb().strength(page) == 3


def test_not_known_by_a_link_to_another_portal() -> None:
    page = WebPage(
        url=SITE, text='<a href="http://www.zj.gov.cn/col/col1229/index.html">省政府</a>', asked=Fetch(SITE)
    )
    assert Hanweb().strength(page) == 0


@pytest.mark.parametrize(
    "path",
    [
        "/art/2024/1/6/art_5_98.html",
        "/xxgk/2021n/art/2023/art_0f3a.html",
        "/module/download/downfile.jsp?classid=0&filename=a.pdf",
    ],
)
def test_addresses_of_documents(path: str) -> None:
    assert Hanweb.detail is not None
    assert Hanweb.detail.search(path)


def test_a_file_in_a_viewer_is_the_body_unless_there_is_text() -> None:
    shown = '<div id="pdfshow" data-value="/attach/1.pdf"></div><div id="zoom">%s</div>'
    bare = WebPage(url=COLUMN, text=shown % "", asked=Fetch(COLUMN))
    assert (fetch := Hanweb().body(bare)) is not None
    assert fetch.url == f"{SITE}/attach/1.pdf"
    assert Hanweb().body(WebPage(url=COLUMN, text=shown % ("文" * 300), asked=Fetch(COLUMN))) is None


@pytest.mark.parametrize(
    "text",
    [
        "<record><![CDATA[" * 20_000,
        "<datastore>" * 30_000,
        "$('#a').jpage({" * 20_000,
        "InitData1 = [" + "'a'," * 50_000 + "$('#1').jpage({dataStore:InitData1,",
        "loadDynamic('/module/xxgk/search.jsp" * 10_000,
        '"/module/jpage/dataproxy.jsp?' * 20_000 + "<datastore>",
        "/xxgk/" + "funclick('a'" * 20_000,
        "jpaas" + "<div queryData=\"{'webId':'" * 5_000,
    ],
)
def test_hostile_pages_are_read_in_bounded_time(text: str) -> None:
    start = process_time()
    read(text)
    Hanweb().branches(WebPage(url=f"{SITE}/module/xxgk/tree.jsp", text=text, asked=Fetch(COLUMN)))
    assert process_time() - start < 3


# ---------------------------------------------------------------- real pages


@real
def test_real_inline_store() -> None:
    listing = read(
        (REAL / "excerpts/jiangsu_col33718_inline_datastore.html").read_text("utf-8"),
        "http://www.js.gov.cn/col/col33718/index.html",
    )
    assert [entry.title for entry in listing.entries] == [
        "连云港跨里海班列运输提质提速",
        "徐州以产业集群培育赋能中小企业高质量发展",
    ]
    assert listing.declared == 4895
    assert query(listing.more[0])["unitid"] == "212860"


@real
def test_real_answer_with_a_title_cut_in_the_middle() -> None:
    asked = Fetch("http://gxt.js.gov.cn/module/web/jpage/dataproxy.jsp?page=1&columnid=80179", page=2)
    listing = read((REAL / "excerpts/gxt_jiangsu_dataproxy_col80179.xml").read_text("utf-8"), asked)
    (entry,) = listing.entries
    assert entry.title.startswith("省工业和信息化厅关于印发《江苏省制造强省建设")
    assert entry.published == "2026-04-17"
    assert listing.declared == 762


@real
def test_real_truecms_answer() -> None:
    asked = Fetch(
        "https://www.haimen.gov.cn/truecms/messageController/getMessage.do?startrecord=1&endrecord=10&perpage=10&columnId=x",
        page=2,
    )
    listing = read((REAL / "truecms-list.jsonp").read_text("utf-8"), asked)
    assert (len(listing.entries), listing.declared) == (30, 377)
    assert query(listing.more[0])["startrecord"] == "31"
    assert len(listing.more) == 12


@real
def test_real_document_is_known() -> None:
    page = (REAL / "templates/clone-jinan-hanweb-jinan_art_1861_4982441.html").read_text("utf-8")
    assert recognise(WebPage(url="http://a.b/x", text=page, asked=Fetch("http://a.b/x"))).name == "hanweb"
