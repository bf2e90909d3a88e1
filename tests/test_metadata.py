"""The label block: every layout gives the same fields; what is printed blank stays blank."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.blocks import Block, Cell, Table
from pipelines.metadata import page_facts, read_metadata

REAL = Path(__file__).parents[1].parent / "shared" / "real"
TITLE = "云岭市水务局2025年政府信息公开工作年度报告"
OPENING = "一、总体情况"


def table(*rows: str) -> Table:
    return Table(1, [[Cell(cell.strip(" ")) for cell in row.split("|")] for row in rows])


FULL = {
    "index_number": "013500011/2026-00007",
    "publisher": "云岭市水务局",
    "published": "2026-01-20",
    "category": "信息公开年报",
}

LAYOUTS: dict[str, list[Block]] = {
    "table of label and value": [
        table(
            "索 引 号：|013500011/2026-00007|主题分类：|信息公开年报",
            "发布机构：|云岭市水务局|发布日期：|2026年01月20日",
            "文　　号：||时　　效：|",
        ),
        TITLE,
    ],
    "table without colons": [
        table(
            "索引号|013500011/2026-00007|组配分类|信息公开年报",
            "发文机关|云岭市水务局|公开日期|2026/1/20",
            "文号||有效性|",
        )
    ],
    "label and value in one cell": [
        table(
            "索引号：013500011/2026-00007|信息分类：信息公开年报",
            "发布机构：云岭市水务局|发布日期：2026-01-20",
            "文号：|时效：",
        )
    ],
    "label and value in one cell, broken": [
        table(
            "索引号：\n013500011/2026-00007|信息分类：\n信息公开年报\n发布机构：\n云岭市水务局",
            "发布日期：\n2026-01-20|文号：\n时效：",
        )
    ],
    "labels above values": [
        table(
            "索引号|发布机构|发布日期|信息分类|文号|时效",
            "013500011/2026-00007|云岭市水务局|2026-01-20|信息公开年报||",
        )
    ],
    "one item a line": [
        "索 引 号：013500011/2026-00007",
        "信息分类: 信息公开年报",
        "发布机构: 云岭市水务局",
        "发布日期: 2026-01-20",
        "文号:",
        "时效:",
        "",
        TITLE,
    ],
    "title right below blank labels": [
        "索引号：013500011/2026-00007",
        "信息分类：信息公开年报",
        "发布机构：云岭市水务局",
        "文号：",
        "时效：",
        TITLE,
        "发布日期：2026-01-20",
    ],
    "one paragraph": [
        "索 引 号：013500011/2026-00007 主题分类：信息公开年报 发布机构：云岭市水务局 发布日期：2026-01-20 文号： 时效："
    ],
    "one paragraph without spaces": [
        "索引号：013500011/2026-00007主题分类：信息公开年报发布机构：云岭市水务局发布日期：2026-01-20文号：时效："
    ],
    "spans joined without colon": [
        "索引号013500011/2026-00007 信息分类信息公开年报 发布机构云岭市水务局 发布日期2026-01-20 文号： 时效："
    ],
    "label and value on lines of their own": [
        "索 引 号：",
        "013500011/2026-00007",
        "组配分类：",
        "信息公开年报",
        "发布机构：",
        "云岭市水务局",
        "发布日期：",
        "2026-01-20",
        "文号：",
        "时效：",
        TITLE,
    ],
    "definition list": [
        "索引号",
        "013500011/2026-00007",
        "信息分类",
        "信息公开年报",
        "发布机构",
        "云岭市水务局",
        "发布日期",
        "2026-01-20",
        "文号：时效：",
    ],
    "label, then colon and value": [
        "索引号",
        "：013500011/2026-00007",
        "信息分类",
        "：信息公开年报",
        "发布机构",
        "：云岭市水务局",
        "发布日期",
        "：2026-01-20",
        "文号：",
        "时效：",
    ],
    "like json": [
        '{"索引号":"013500011/2026-00007","信息分类":"信息公开年报","发布机构":"云岭市水务局","发布日期":"2026-01-20","文号":"","时效":""}'
    ],
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_layout(layout: str) -> None:
    got = read_metadata([*LAYOUTS[layout], OPENING, "来源：正文里的来源"], {})
    assert {key: getattr(got, key) for key in FULL} == FULL
    assert (got.document_number, got.validity, got.title, got.source) == (None, None, None, None)
    assert got.raw["索引号"] == FULL["index_number"]
    blank = [label for label, value in got.raw.items() if not value]
    assert blank in (["文号", "时效"], ["文号", "有效性"])


@pytest.mark.parametrize(
    ("line", "fields"),
    [
        (
            "发布时间:2026-01-20 09:05 来源:云岭市水务局",
            {
                "published": "2026-01-20T09:05:00+08:00",
                "source": "云岭市水务局",
                "publisher": "云岭市水务局",
            },
        ),
        ("时间：2026-01-20 09:05", {"published": "2026-01-20T09:05:00+08:00"}),
        ("发布日期：2026-01", {"published": "2026-01"}),
        ("文章来源：防汛科 　　发布时间：2026-01-20", {"source": "防汛科", "published": "2026-01-20"}),
        ("来源：云岭日报 【字体：大 中 小】 打印", {"source": "云岭日报"}),
        ("来源：云岭日报 [ 字体： 大 中 小 ]", {"source": "云岭日报"}),
        ("发布日期：2026-01-20 浏览次数：31次", {"published": "2026-01-20"}),
        ("来源：云岭日报字体：大中小打印分享至：", {"source": "云岭日报"}),
        (
            "来源：水务局时间：2026-01-20 09:05",
            {"source": "水务局", "publisher": "水务局", "published": "2026-01-20T09:05:00+08:00"},
        ),
        (
            "【发布日期：2026-01-20】【来源：云岭日报】【字体：大 中 小】",
            {"published": "2026-01-20", "source": "云岭日报"},
        ),
        ("（来源：云岭日报（晚刊））", {"source": "云岭日报（晚刊）"}),
        (
            "[索引号] 0135/2026-00007 [发布机构] 水务局",
            {"index_number": "0135/2026-00007", "publisher": "水务局"},
        ),
        (
            "信息来源： 政务公开办 发布人：管理员 发布日期： 2026-01-20",
            {"source": "政务公开办", "publisher": "政务公开办", "published": "2026-01-20"},
        ),
        (
            "公开时限：长期公开 责任部门：办公室 生成日期：2026-01-11",
            {"publisher": "办公室", "created": "2026-01-11"},
        ),
        ("信息提供日期：2026-01-20 信息提供单位：水务局", {}),
        ("来源：水务局 原文发布日期：2015-01-20", {"source": "水务局", "publisher": "水务局"}),
        ("来源： 打印 关闭", {}),
        ("来 源：云岭日报 | 作者：李某 | 点击数：7", {"source": "云岭日报"}),
        (
            "时间发布：2026-01-20 阅读次数: 次 信息来源：云岭日报",
            {"published": "2026-01-20", "source": "云岭日报"},
        ),
        (
            "发文字号：云水发〔2026〕3号 成文日期：2026年1月8日",
            {"document_number": "云水发〔2026〕3号", "created": "2026-01-08"},
        ),
        ("主题词：水务 年报 时效性：有效", {"keywords": "水务 年报", "validity": "有效"}),
        ("文号：无 主题分类：暂无", {}),
        ("办公时间：9:00-17:00", {}),
        ("政策来源：省水利厅", {}),
    ],
)
def test_line(line: str, fields: dict[str, str]) -> None:
    got = read_metadata([line, OPENING], {}).model_dump(exclude={"raw"}, exclude_none=True)
    assert got == fields


@pytest.mark.parametrize(
    ("lines", "publisher"),
    [
        (["来源：云岭市水务局"], "云岭市水务局"),
        (["来源：云岭市水务局", "发布机构：云岭市人民政府办公室"], "云岭市人民政府办公室"),
        (["来源：云岭市水务局", "发布机构："], None),  # printed and left blank
        (["来源：云岭市水务局", "发布机构：无"], None),
        (["来源：云岭日报"], None),
        (["来源：新华社"], None),
        (["来源：云岭市人民政府网站"], None),
        (["来源：本站"], None),
    ],
)
def test_a_body_named_as_source_is_the_publisher_where_no_label_tells(
    lines: list[str], publisher: str | None
) -> None:
    got = read_metadata([*lines, OPENING], {})
    assert got.publisher == publisher
    assert got.raw["来源"] == got.source == lines[0].partition("：")[2]


def test_a_publisher_known_from_outside_goes_before_the_source() -> None:
    got = read_metadata(["来源：云岭市水务局", OPENING], {}, {"发布机构": "云岭市人民政府办公室"})
    assert got.publisher == "云岭市人民政府办公室"


def test_value_is_never_another_label_nor_the_title() -> None:
    got = read_metadata(["发布机构：", "发布日期：", TITLE, "主题分类：", TITLE, "来源：", OPENING], {})
    assert got.model_dump(exclude={"raw"}, exclude_none=True) == {}
    assert got.raw == {"发布机构": "", "发布日期": "", "主题分类": "", "来源": ""}


def test_the_first_label_with_a_value_counts() -> None:
    got = read_metadata(["来源：", TITLE, "来源：云岭日报", "来源：转载", OPENING], {})
    assert (got.source, got.raw) == ("云岭日报", {"来源": "云岭日报"})


def test_better_label_wins_and_the_same_day_gains_its_hour() -> None:
    got = read_metadata(
        ["时间：2026-01-20 09:05", "发布日期：2026-01-20", "发布时间：2026-02-01", OPENING], {}
    )
    assert got.published == "2026-01-20T09:05:00+08:00"


def test_index_number_under_the_wrong_label() -> None:
    got = read_metadata(["发文字号：696785044/2026-00017", "主题分类：", OPENING], {})
    assert (got.document_number, got.index_number) == (None, "696785044/2026-00017")
    assert got.raw["发文字号"] == "696785044/2026-00017"


@pytest.mark.parametrize(
    "number",
    [
        "11410402005462140C/2025-00005",
        "PZ00101-1600-2016-00002",
        "YP-2026-00491",
        "13566001/2024-07705",
        "30643-2026-001",
    ],
)
def test_shapes_of_index_numbers(number: str) -> None:
    assert read_metadata(["索引号：", number, OPENING], {}).index_number == number


def test_unknown_label_in_a_metadata_table_is_kept_raw() -> None:
    blocks = [table("索引号|1350/2026-00007|公文种类|报告", "发布机构|云岭市水务局|服务对象|全社会"), OPENING]
    got = read_metadata(blocks, {})
    assert got.raw == {
        "索引号": "1350/2026-00007",
        "公文种类": "报告",
        "发布机构": "云岭市水务局",
        "服务对象": "全社会",
    }


@pytest.mark.parametrize(
    "other",
    [
        table("名称|地址", "水务大厅|建设路1号"),
        table("标题|索引号|发布机构|发布日期", f"{TITLE}|1350/2026-00007|云岭市水务局|2026-01-20"),
        table("索引号|发布机构|发布日期", "1350/2026-1|甲局|2026-01-20", "1350/2026-2|乙局|2026-01-21"),
        table("第二十条第（一）项", "信息内容|本年制发件数", "文号：|1"),
    ],
    ids=["data", "list of one", "list of two", "statutory"],
)
def test_other_tables_say_nothing(other: Table) -> None:
    assert read_metadata([other], {}).raw == {}


@pytest.mark.parametrize(
    "opening",
    [
        OPENING,
        "1.总体情况",
        "本报告根据条例编制。",
        "根据《中华人民共和国政府信息公开条例》编制本报告。",
        "过去一年，我局围绕防汛抗旱和城乡供水两件大事推进公开，全年更新栏目十二个，回应群众来信八十余封，各科室都明确了专人负责并按月核对。",
        table("信息内容|本年制发件数"),
    ],
)
def test_the_text_is_not_searched(opening: Block) -> None:
    blocks: list[Block] = ["来源：云岭日报", opening, "文号：云水发〔2026〕3号", "（联系电话：0350-1234567）"]
    assert read_metadata(blocks, {}).raw == {"来源": "云岭日报"}


def test_navigation_is_no_label_block() -> None:
    assert (
        read_metadata(["主题分类", "便民服务", "发布机构", "政务公开", "来源", "首页", OPENING], {}).raw == {}
    )


METAS = {
    "articletitle": TITLE,
    "pubdate": "2026-01-21 08:00:30",
    "contentsource": "水务局办公室",
    "sitename": "云岭市人民政府",
    "siteidcode": "1350000001",
    "columnname": "政府信息公开年报",
    "columntype": "信息公开年报",
}


def test_trust_falls_from_page_to_metas_to_outside() -> None:
    extra = {
        "时间": "2026-03-01",
        "来源": "外部",
        "一级类别": "政府信息公开年报",
        "栏目编号": "29",
        "内容": "字" * 9000,
    }
    got = read_metadata(["发布日期：2026-01-20", OPENING], METAS, extra)
    assert (got.published, got.title, got.source, got.category) == (
        "2026-01-20",
        TITLE,
        "水务局办公室",
        "政府信息公开年报",
    )
    assert got.raw == {
        "发布日期": "2026-01-20",
        "时间": "2026-03-01",
        "来源": "外部",
        "一级类别": "政府信息公开年报",
        "栏目编号": "29",
    }
    assert read_metadata([OPENING], METAS).published == "2026-01-21T08:00:30+08:00"
    assert read_metadata([OPENING], {}, extra).published == "2026-03-01"


@pytest.mark.parametrize(
    "metas", [{"pubdate": "昨天"}, {"contentsource": "本站"}, {"pubdate": " ", "articletitle": ""}]
)
def test_implausible_metas(metas: dict[str, str]) -> None:
    assert read_metadata([OPENING], metas).model_dump(exclude={"raw"}, exclude_none=True) == {}


def test_page_facts() -> None:
    facts = page_facts(METAS)
    assert (facts.site_name, facts.site_id, facts.column_name, facts.column_type) == (
        "云岭市人民政府",
        "1350000001",
        "政府信息公开年报",
        "信息公开年报",
    )
    assert page_facts({"siteidcode": "bm06000001"}).site_id == "bm06000001"
    assert page_facts({"siteidcode": "待填写", "sitename": "  "}) == page_facts({})


@pytest.mark.parametrize(
    "unit", ["发 ", "发布", "来源：", "索 引 号 ", "【【 ", "2026-", "主题分类", "关于年年", "、", "无：：“"]
)
def test_hostile_blocks_take_bounded_time(unit: str) -> None:
    line = "：" + unit * (3_000 // len(unit))
    start = time.perf_counter()
    read_metadata([line] * 2_000, {})
    read_metadata([Table(1, [[Cell(line)] * 500] * 200)] * 5, {})
    assert time.perf_counter() - start < 4


WORDS = "索 引 号|发布机构|发布日期|文号|时效|来源|主题分类|：|:| |\u3000|、|云岭市水务局|1350/2026-00007|2026-01-20|有效|无"
WORDS += f'|{TITLE}|【字体：大 中 小】|打印|"|，|云水发〔2026〕3号'
PIECES = st.lists(st.sampled_from(WORDS.split("|")), max_size=9).map("".join)
BLOCKS = st.lists(
    st.one_of(
        PIECES, st.lists(st.lists(PIECES.map(Cell), max_size=5), max_size=4).map(lambda rows: Table(1, rows))
    ),
    max_size=8,
)


@settings(max_examples=150, deadline=None)
@given(BLOCKS)
def test_nothing_is_invented(blocks: list[Block]) -> None:
    """Whatever the layout, a value stands in the page, and no value is a label."""
    got = read_metadata(blocks, {})
    cells = [c.text for b in blocks if isinstance(b, Table) for row in b.rows for c in row]
    page = "".join("".join([*cells, *(b for b in blocks if isinstance(b, str))]).split())
    for label, value in got.raw.items():
        assert label in page
        assert "".join(value.split()) in page
        assert value not in {"索引号", "发布机构", "发布日期", "主题分类"}
    assert got.published in {None, "2026-01-20"}


REAL_BLOCKS: dict[str, dict[str, str]] = {
    "portal-pages/gov-cn-policy-1.html": {
        "index_number": "000014349/2019-00007",
        "publisher": "国务院",
        "created": "2019-01-27",
        "published": "2019-02-15",
        "document_number": "国发〔2019〕5号",
    },
    "portal-pages/most-detail-trs.html": {
        "index_number": "30642-2025-001",
        "publisher": "科技部",
        "created": "2025-07-30",
        "published": "2025-08-05",
        "document_number": "科学技术部令第23号",
        "validity": "有效",
        "source": "科学技术部",
    },
    "portal-pages/handan-detail.html": {
        "index_number": "000014348/2020-35147",
        "publisher": "邯郸市教育局",
        "category": "教育",
        "published": "2020-08-02",
    },
    "portal-pages/pingtan-metadata-block-2016.html": {
        "index_number": "PZ00101-1600-2016-00002",
        "publisher": "平潭综合实验区管委会",
        "created": "2016-09-30",
        "published": "2016-10-01T15:29:00+08:00",
        "document_number": "岚综管综〔2016〕250号",
        "validity": "有效",
        "source": "平潭综合实验区管委会",
    },
    "portal-pages/ndrc-detail-trs.html": {
        "published": "2026-04-09",
        "source": "国家能源局",
        "publisher": "国家能源局",
    },
    "portal-pages/sasac-detail.html": {"published": "2024-12-17", "source": "产权局", "publisher": "产权局"},
    "portal-pages/csrc-detail-ucap.html": {
        "published": "2025-10-25T11:32:37+08:00",
        "source": "中国证监会",
        "publisher": "中国证监会",
    },
    "portal-pages/shanxi-province-trs-2019.html": {
        "published": "2019-09-18T06:23:00+08:00",
        "source": "山西日报",
    },
    "portal-pages/excerpts/gxt_jiangsu_detail_col80179_metadata.html": {
        "index_number": "696785044/2026-00017",
        "published": "2026-04-17",
    },
    "portal-pages/excerpts/shyp_detail_metadata.html": {
        "index_number": "YP-2026-00491",
        "publisher": "上海市杨浦区人民政府",
        "document_number": "杨府发〔2026〕4号",
    },
    "portal-pages/excerpts/wnd_detail_metadata.html": {
        "index_number": "014032126/2026-00903",
        "published": "2026-06-03",
        "document_number": "锡新政发〔2026〕1号",
        "validity": "有效",
    },
    "portal-pages/templates/clone-jinan-hanweb-jinan_art_1861_4982441.html": {
        "published": "2024-06-19T07:27:00+08:00",
        "source": "济南日报",
    },
    "portal-pages/templates/clone-guangzhou-nfcms-guangzhou_post_9360641.html": {
        "published": "2023-12-05T09:30:26+08:00",
        "source": "广州日报",
    },
    "portal-pages/templates/clone-anhui-lonsun-ah_jyt_40678766.html": {
        "published": "2023-11-06T00:00:00+08:00",
        "source": "肥西县教育局",
        "publisher": "肥西县教育局",
    },
    "portal-pages/templates/clone-liaoyang-epoint-liaoyang_detail.html": {
        "published": "2023-06-12T09:51:00+08:00",
        "source": "辽阳日报",
    },
    "portal-pages/templates/clone-langfang-hebei-langfang_detail.html": {
        "published": "2019-10-08T08:48:00+08:00",
        "source": "《廊坊日报》",
    },
    "portal-pages/templates/clone-fangchenggang-trs-fcgs_t18993630.shtml": {
        "published": "2024-09-12T10:10:00+08:00",
        "source": "防城港日报",
    },
    "portal-pages/templates/clone-utf16-xiangtan_utf16le.html": {
        "published": "2024-09-30T09:24:00+08:00",
        "source": "湘潭日报·新湘潭客户端",
    },
    "reports/pingtan-2023.html": {
        "published": "2024-03-08T15:34:00+08:00",
        "source": "平潭综合实验区管委会办公室",
        "publisher": "平潭综合实验区管委会办公室",
    },
    "reports/shanghai-office-2019.html": {"published": "2020-01-31"},
    "../seeds/004_b3c20690f40e0ead.txt": {
        "index_number": "035200022/2026-00004",
        "category": "信息公开年度报告",
        "publisher": "大同市卫生健康委员会",
        "published": "2026-01-13T16:13:00+08:00",
        "source": "大同市卫生健康委员会",
    },
    "../seeds/000_b35dc0beff817749.txt": {},
    "portal-pages/handan-list-table.html": {},
    "portal-pages/ndrc-list-trs.html": {},
    "portal-pages/pingtan-list-trs.html": {},
}


@pytest.mark.skipif(not REAL.is_dir(), reason="real pages are not part of the repository")
@pytest.mark.parametrize("name", REAL_BLOCKS)
def test_real_label_block(name: str) -> None:
    from pipelines.cleaning import clean  # noqa: PLC0415
    from pipelines.document import Document  # noqa: PLC0415

    page = clean(Document(url="http://example.gov.cn/", body=(REAL / name).read_bytes()))
    got = read_metadata(page.blocks, page.metas).model_dump(exclude={"raw", "title"}, exclude_none=True)
    if name.endswith("policy-1.html"):
        assert got.pop("category").startswith("市场监管、安全生产监管")
    assert got == REAL_BLOCKS[name]
