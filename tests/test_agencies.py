"""Bodies: names, kinds, places, scope, identity; and the list of divisions."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from pipelines.agencies import (
    ancestors,
    divisions,
    kind_of,
    may_make_rules,
    parse_name,
    report_id,
    resolve_agency,
)
from pipelines.record import Agency, Portal
from pipelines.titles import announced_title, parse_title

DATONG = Portal(division="140200", name="大同市人民政府")
NOWHERE = Portal()


def resolve(title="", publisher=None, source=None, portal=NOWHERE, text=""):
    return resolve_agency(
        title=parse_title(title and f"{title}2023年政府信息公开工作年度报告"),
        publisher=publisher,
        source=source,
        portal=portal,
        paragraphs=text.split("\n"),
    )


def test_divisions_are_consistent():
    listed = divisions()
    current = [d for d in listed.values() if d.valid_to is None]
    assert all(re.fullmatch(r"\d{6}", code) for code in listed)
    assert Counter(d.level for d in current if d.level != "county") == {"province": 35, "prefecture": 333}
    assert all(d.parent == "" for d in current if d.level == "province")
    for division in listed.values():
        if division.level != "province":
            parent = listed[division.parent]
            assert parent.code[:2] == division.code[:2]
            assert parent.code.rstrip("0") == division.code[: len(parent.code.rstrip("0"))]
    siblings = Counter((d.parent, d.name) for d in current)
    assert max(siblings.values()) == 1


@pytest.mark.parametrize(
    ("prefix", "counties"), [("13", 167), ("14", 117), ("11", 16), ("12", 16), ("31", 16), ("50", 38)]
)
def test_counties_as_of_2024(prefix, counties):
    current = [d for d in divisions().values() if d.level == "county" and d.valid_to is None]
    assert sum(d.code.startswith(prefix) for d in current) == counties


@pytest.mark.parametrize(
    ("code", "chain"),
    [
        ("130283", "迁安市唐山市河北省"),
        ("419001", "济源市河南省"),
        ("310115", "浦东新区上海市"),
        ("999999", ""),
    ],
)
def test_ancestors(code, chain):
    assert "".join(d.name for d in ancestors(code)) == chain


@pytest.mark.parametrize(
    ("name", "place", "code", "absolute"),
    [
        ("大同市卫生健康委员会", "大同市", "140200", True),
        ("山西省大同市平城区审计局", "山西省大同市平城区", "140213", True),
        ("石家庄市新华区人民政府", "石家庄市新华区", "130105", True),
        ("沧州市新华区人民政府", "沧州市新华区", "130902", True),
        ("邢台市桥东区人民政府", "邢台市桥东区", "130502", True),
        ("新华区人民政府", "新华区", None, True),
        ("阳泉市城区人民政府", "阳泉市城区", "140302", True),
        ("城区人民政府", "", None, False),
        ("临夏州永靖县教育局", "临夏州永靖县", None, True),
        ("开远市市场监督管理局", "开远市", None, True),
        ("开远市民政局", "开远市", None, True),
        ("市场监督管理局", "", None, False),
        ("城市管理局", "", None, False),
        ("文化市场综合执法局", "", None, False),
        ("市人民政府办公室", "", None, False),
        ("经济技术开发区管委会", "", None, False),
        ("大同经济技术开发区管委会", "", None, True),
        ("国家税务总局大同市税务局", "", None, True),
        ("螅镇", "", None, False),
        ("海城市西柳镇人民政府", "海城市", None, True),
        ("沿海城市管理局", "", None, False),
        ("镇安县人民政府", "镇安县", None, True),
        ("镇宁布依族苗族自治县审计局", "镇宁布依族苗族自治县", None, True),
        ("镇人民政府", "", None, False),
    ],
)
def test_names_are_taken_apart(name, place, code, absolute):
    parsed = parse_name(name)
    assert (parsed.place, parsed.code, parsed.absolute) == (place, code, absolute)


@pytest.mark.parametrize(
    ("name", "proper"),
    [
        ("马头铺镇人民政府", True),
        ("螅镇", True),
        ("路南街道办事处", True),
        ("茅坪回族镇", True),
        ("千岛湖管委会", True),
        ("大同市审计局", True),
        ("镇人民政府", False),
        ("我镇", False),
        ("各街道办事处", False),
        ("乡镇人民政府", False),
        ("所属乡镇", False),
        ("市人民政府", False),
        ("区教育局", False),
        ("县管委会", False),
        ("街道办事处", False),
        ("审计局", False),
    ],
)
def test_a_name_of_its_own_is_not_relative(name, proper):
    assert parse_name(name).proper is proper


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("大同市", "gov"),
        ("临夏回族自治州永靖县", "gov"),
        ("盂县人民政府", "gov"),
        ("阿里地区行政公署", "gov"),
        ("大同市人民政府办公室（研究室）", "gov_office"),
        ("山西省人民政府办公厅", "gov_office"),
        ("盂县政府办", "gov_office"),
        ("大同市卫生健康委员会", "dept"),
        ("大同市政务服务中心", "dept"),
        ("国家新闻出版署（国家版权局）", "central_dept"),
        ("自然资源部", "central_dept"),
        ("中国气象局", "central_dept"),
        ("国家税务总局", "central_dept"),
        ("国家税务总局大同市税务局", "vertical"),
        ("国家统计局山西调查总队", "vertical"),
        ("大同海关", "vertical"),
        ("大同市气象局", "vertical"),
        ("云冈区高山镇人民政府", "town"),
        ("平城区开源街道办事处", "subdistrict"),
        ("平潭综合实验区", "zone"),
        ("大同经济技术开发区管理委员会", "zone"),
        ("大同经济技术开发区财政局", "dept"),
        ("山西省农业科学院", "authorised_body"),
        ("某某", None),
        ("千岛湖管委会", "zone"),
        ("住房公积金管委会", "dept"),
        ("盂县人民政府（县人民政府办公室）", "gov"),
    ],
)
def test_kinds(name, kind):
    assert kind_of(name) == kind


@pytest.mark.parametrize(
    ("given", "name", "confidence", "from_"),
    [
        ({"title": "大同市审计局", "publisher": "大同市审计局"}, "大同市审计局", "high", "metadata"),
        ({"title": "大同市审计局", "source": "山西省大同市审计局"}, "大同市审计局", "high", "source"),
        ({"title": "大同市审计局"}, "大同市审计局", "high", "title"),
        ({"title": "大同市审计局", "publisher": "大同市统计局"}, "大同市审计局", "medium", "title"),
        ({"title": "某综合实验区", "publisher": "某综合实验区管委会办公室"}, None, "low", "title"),
        (
            {"title": "平潭综合实验区", "publisher": "平潭综合实验区管委会办公室"},
            "平潭综合实验区",
            "high",
            "title",
        ),
        ({"publisher": "大同市审计局"}, "大同市审计局", "high", "metadata"),
        ({"publisher": "大同市人民政府办公室"}, "大同市人民政府办公室", "medium", "metadata"),
        ({"publisher": "大同日报", "source": "大同市审计局"}, "大同市审计局", "high", "source"),
        ({"title": "市人民政府办公室", "portal": DATONG}, "大同市人民政府办公室", "medium", "title"),
        ({"title": "市卫健委", "portal": DATONG}, "大同市卫生健康委员会", "medium", "title"),
        ({"title": "市卫健局", "portal": Portal(division="130283")}, "迁安市卫生健康局", "medium", "title"),
        ({"title": "县审计局", "portal": DATONG}, None, "low", "title"),
        ({"title": "区审计局", "portal": Portal(division="140213")}, "大同市平城区审计局", "medium", "title"),
        ({"title": "市审计局", "portal": Portal(division="140213")}, "大同市审计局", "medium", "title"),
        ({"title": "政务服务中心", "publisher": "盂县政务服务中心"}, "盂县政务服务中心", "high", "metadata"),
        ({"title": "螅镇", "publisher": "盂县人民政府"}, "盂县螅镇", "medium", "title"),
        ({"title": "市人民政府办公室"}, None, "low", "title"),
        ({"title": "审计局", "text": "本报告由盂县审计局结合数据编制。"}, "盂县审计局", "medium", "preamble"),
        ({"text": "本报告由盂县审计局结合数据编制。"}, "盂县审计局", "medium", "preamble"),
        ({"text": "正文。\n盂县审计局\n2024年1月9日"}, "盂县审计局", "medium", "signature"),
        ({"text": "如有疑问，请与盂县审计局联系。"}, "盂县审计局", "low", "contact"),
        ({"publisher": "盂县人民政府", "text": "由盂县审计局编制。"}, "盂县审计局", "medium", "preamble"),
        ({}, None, "low", None),
        ({"title": "太平镇人民政府"}, "太平镇人民政府", "low", "title"),
        ({"title": "路南街道办事处"}, "路南街道办事处", "low", "title"),
        ({"title": "千岛湖管委会"}, "千岛湖管委会", "low", "title"),
        ({"title": "镇人民政府"}, None, "low", "title"),
        ({"publisher": "太平镇人民政府"}, "太平镇人民政府", "low", "metadata"),
        (
            {"title": "太平镇人民政府", "portal": Portal(division="140322")},
            "盂县太平镇人民政府",
            "medium",
            "title",
        ),
        ({"title": "太平镇", "text": "首页>盂县政府信息公开平台>年报"}, "盂县太平镇", "medium", "title"),
        ({"title": "太平镇", "text": "大同市政府网站\n山西省人民政府网"}, "太平镇", "low", "title"),
        ({"title": "太平镇", "text": "盂县政府网\n平遥县政府网"}, "太平镇", "low", "title"),
        ({"text": "请与太平镇信息公开领导小组办公室联系。"}, "太平镇", "low", "contact"),
        ({"text": "现公布盂县审计局2022年政府信息公开工作年度报告。"}, "盂县审计局", "medium", "preamble"),
    ],
)
def test_who_reports(given, name, confidence, from_):
    agency = resolve(**given).agency
    assert (agency.name, agency.confidence, agency.from_) == (name, confidence, from_)


HINTS = "我局在迁安政府网站发布信息，健康迁安公众号推送文章。市卫健局职能已公开，我局未收费。"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (HINTS, "迁安市卫生健康局"),
        (HINTS.replace("市卫健局职能", "有关职能"), None),
        (HINTS.replace("我局", "有关方面"), None),
        (HINTS.replace("迁安政府网站", "网站"), None),
        (HINTS + "健康遵化公众号也有。", None),
        (HINTS + "市财政局配合。", None),
        (HINTS.replace("市卫健局", "县卫健局"), None),
    ],
)
def test_inference_from_the_text_needs_all_its_evidence(text, name):
    agency = resolve(text=text).agency
    assert agency.name == name
    if name:
        assert (agency.confidence, agency.from_, agency.division) == ("low", "body", "130283")


@pytest.mark.parametrize(
    ("title", "portal", "division"),
    [
        ("大同市审计局", NOWHERE, "140200"),
        ("淮安市洪泽区审计局", NOWHERE, None),
        ("淮安市洪泽区审计局", Portal(division="320813", name="洪泽区人民政府"), "320813"),
        ("淮安市洪泽区审计局", Portal(division="320800", name="淮安市人民政府"), None),
        ("平城区审计局", NOWHERE, None),
        ("平城区审计局", DATONG, "140213"),
        ("和平区审计局", Portal(division="210100", name="沈阳市人民政府"), None),
        ("大同海关", NOWHERE, "140200"),
        ("自然资源部", DATONG, None),
        ("政务服务中心", DATONG, "140200"),
    ],
)
def test_division(title, portal, division):
    assert resolve(title, portal=portal).agency.division == division


@pytest.mark.parametrize(
    ("title", "text", "scope"),
    [
        ("大同市审计局", "汇总全市各县区数据编制。", "own"),
        ("大同市人民政府办公室", "", "own"),
        ("大同市", "本报告汇总全市各部门数据编制。", "government_aggregate"),
        ("大同市", "2023年，全市共收到申请九件。", "government_aggregate"),
        ("大同市", "要求各县区各部门认真落实。", None),
        ("大同市人民政府", "本报告数据为市政府本级数据。", "own"),
        ("大同市", "", None),
        ("国家税务总局大同市税务局", "全市税务系统共收到申请三件。", "system"),
    ],
)
def test_scope(title, text, scope):
    assert resolve(title, text=text).scope == scope


def test_aggregate_title_on_a_department_stays_its_own():
    assert resolve("全市", publisher="大同市").scope == "government_aggregate"
    assert resolve("全市", publisher="大同市审计局").scope == "own"


def test_double_names_are_aliases():
    finding = resolve("国家新闻出版署（国家版权局）")
    assert finding.agency.name == "国家新闻出版署（国家版权局）"
    assert finding.aliases == ("国家新闻出版署", "国家版权局")


@pytest.mark.parametrize(
    ("name", "kind", "division", "able"),
    [
        ("自然资源部", "central_dept", None, True),
        ("山西省", "gov", "140000", True),
        ("大同市人民政府办公室", "gov_office", "140200", True),
        ("昌吉州人民政府", "gov", "652300", True),
        ("阿里地区行政公署", "gov", "542500", False),
        ("迁安市人民政府", "gov", "130283", False),
        ("浦东新区人民政府", "gov", "310115", False),
        ("淮安市洪泽区人民政府", "gov", None, False),
        ("巴州人民政府", "gov", None, None),
        ("大同市审计局", "dept", "140200", False),
        ("高山镇", "town", "140214", False),
        (None, None, None, None),
    ],
)
def test_who_may_make_rules(name, kind, division, able):
    assert may_make_rules(Agency(name=name, kind=kind, division=division)) is able


def test_report_id_is_the_same_for_the_same_body():
    one = report_id("140200", "大同市卫生健康委员会", "own", 2025, "a")
    assert re.fullmatch(r"140200-[0-9a-f]{12}-own-2025", one)
    assert one == report_id("140200", "山西省大同市卫健委", "own", 2025, "b")
    assert report_id("140200", "大同市", None, 2025, "a") == report_id(
        "140200", "大同市人民政府", None, 2025, "b"
    )


def test_report_id_keeps_bodies_scopes_years_and_unknowns_apart():
    ids = [
        report_id("140200", "大同市人民政府", "own", 2025, "a"),
        report_id("140200", "大同市人民政府", "government_aggregate", 2025, "a"),
        report_id("140200", "大同市人民政府办公室", "own", 2025, "a"),
        report_id("140200", "大同市人民政府", "own", 2024, "a"),
        report_id("140200", "大同市人民政府", "own", None, "a"),
        report_id("140200", "大同市人民政府", "own", None, "b"),
        report_id(None, None, None, 2025, "a"),
        report_id(None, None, None, 2025, "b"),
    ]
    assert len(set(ids)) == len(ids)


def test_two_towns_of_one_name_are_kept_apart_where_their_county_is_unknown():
    def ids(division):
        return {report_id(division, "太平镇人民政府", "own", 2023, digest) for digest in "ab"}

    assert len(ids(None)) == 2
    assert len(ids("140322")) == 1


def test_a_title_told_by_the_text_counts_as_preamble():
    title = announced_title("现公布盂县审计局2022年政府信息公开工作年度报告。")
    agency = resolve_agency(title=title, publisher=None, source=None, portal=NOWHERE, paragraphs=[]).agency
    assert (agency.name, agency.confidence, agency.from_) == ("盂县审计局", "medium", "preamble")


AGREED = Portal(name="岩城区人民政府门户网站")


@pytest.mark.parametrize(
    ("given", "name", "confidence"),
    [
        ({"title": "岩城区教育局"}, None, "low"),
        ({"title": "岩城区教育局", "publisher": "岩城区教育局"}, "岩城区教育局", "medium"),
        ({"title": "岩城区教育局", "source": "岩城区人民政府"}, "岩城区教育局", "medium"),
        ({"title": "岩城区教育局", "portal": AGREED}, "岩城区教育局", "medium"),
        ({"title": "岩城区教育局", "text": "本报告由岩城区教育局根据要求编制。"}, "岩城区教育局", "medium"),
        ({"title": "区教育局", "portal": AGREED}, "岩城区教育局", "medium"),
        ({"title": "岩城区", "publisher": "岩城区人民政府"}, "岩城区人民政府", "medium"),
        ({"title": "岩城区", "portal": AGREED}, "岩城区人民政府", "medium"),
        ({"title": "岩城区人民政府", "portal": AGREED}, "岩城区人民政府", "medium"),
        ({"title": "岩城区教育局", "publisher": "东港区教育局"}, None, "low"),
        ({"publisher": "岩城区教育局"}, None, "low"),
        ({"publisher": "岩城区教育局", "portal": AGREED}, "岩城区教育局", "medium"),
        ({"title": "太平镇财政所", "publisher": "太平镇财政所"}, "太平镇财政所", "low"),
        ({"title": "太平镇财政所"}, None, "low"),
        ({"title": "中心城区管理局", "publisher": "中心城区管理局"}, None, "low"),
        ({"title": "高新区教育局", "publisher": "高新区教育局"}, None, "low"),
        ({"title": "城区教育局", "publisher": "城区教育局"}, None, "low"),
        ({"title": "乡镇财政所", "publisher": "乡镇财政所"}, None, "low"),
    ],
)
def test_an_unlisted_district_is_a_place_where_the_page_agrees_on_it(given, name, confidence):
    agency = resolve(**given).agency
    assert (agency.name, agency.confidence, agency.division) == (name, confidence, None)


@pytest.mark.parametrize(
    ("title", "publisher", "name"),
    [
        ("临溪县", "临溪县人民政府", "临溪县人民政府"),
        ("大同市", "山西省大同市人民政府", "大同市人民政府"),
        ("永靖县", "甘肃省永靖县人民政府", "永靖县人民政府"),
        ("临溪县", "临溪县人民政府办公室", "临溪县"),
        ("临溪县", "大同市人民政府", "临溪县"),
        ("临溪县", None, "临溪县"),
    ],
)
def test_a_bare_place_is_called_what_its_page_calls_it(title, publisher, name):
    finding = resolve(title, publisher=publisher)
    assert (finding.agency.name, finding.agency.kind) == (name, "gov")
    assert finding.aliases == ((title,) if name != title else ())
