from __future__ import annotations

import json
import signal
from dataclasses import replace
from datetime import date
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from scrapy.cmdline import execute

from crawler.registry import (
    Column,
    Limit,
    Portal,
    PortalException,
    RegistryError,
    Unknown,
    facts,
    find_province,
    lint,
    parse_province,
    portal_of,
    portals,
    provinces,
)
from pipelines.agencies import divisions

ROOT = Path(__file__).parent.parent
PUBLIC_LIST = ROOT.parent / "shared" / "real" / "portal-hosts.json"
DAY = date(2026, 4, 26)


def portal(code: str) -> Portal:
    (found,) = [entry for entry in portals() if entry.division == code]
    return found


def registry_with(code: str, *rows: Portal) -> list:
    """The registry with other rows in place of those of one division."""
    return [
        replace(
            province,
            portals=tuple(
                row for entry in province.portals for row in (rows if entry.division == code else [entry])
            ),
        )
        for province in provinces()
    ]


def found_in(registry) -> list[tuple[str, str]]:
    return [(problem.province, problem.code) for problem in lint(registry)]


# --- what is registered


def test_the_registry_is_sound():
    assert lint() == []


def test_every_government_down_to_the_prefectures_has_a_portal():
    registered = {entry.division for entry in portals()}
    due = {
        division.code
        for division in divisions().values()
        if division.valid_to is None
        and division.level != "county"
        and division.code[:2] not in ("71", "81", "82")
    }
    # 31 provinces and 兵团, 333 prefectures
    assert len(due) == 32 + 333
    assert due <= registered


def test_the_counties_of_hebei_and_shanxi_have_a_portal_or_a_reason():
    known = {entry.division for entry in portals()}
    missing = {entry.division for province in provinces() for entry in province.unknown}
    due = {
        division.code
        for division in divisions().values()
        if division.valid_to is None and division.level == "county" and division.code[:2] in ("13", "14")
    }
    assert len(due) == 167 + 117
    assert due == {code for code in known | missing if code in due}
    assert len(due & missing) <= 4


def test_every_word_has_both_languages():
    for group in ("platform", "reason", "note", "level", "problem", "say"):
        for key, wording in facts()[group].items():
            assert set(wording) == {"zh", "en"}, f"{group}.{key}"


def test_the_seed_portals_carry_what_is_known():
    datong, qianan = portal("140200"), portal("130283")
    assert (datong.platform, datong.site, datong.site_id) == ("ucap", "dtszf", "1402000004")
    assert {urlsplit(column.url).path.split("/")[2] for column in datong.columns} == {"gkndbgz", "zfxxgkndbg"}
    counties = [entry for entry in portals("shanxi") if entry.division[:4] == "1402" and entry is not datong]
    assert len(counties) == 10
    assert all(entry.platform == "ucap" and entry.site for entry in counties)
    assert qianan.platform == "hebei_channel"
    assert [column.url for column in qianan.columns] == ["http://www.qianan.gov.cn/channel/list/29.html"]
    assert [(entry.kind, entry.value) for entry in qianan.exceptions] == [("scheme", "http")]
    assert {entry.reason for entry in qianan.limits} == {"not_fetched", "timeout_403"}


@pytest.mark.parametrize(
    ("code", "platform"),
    [
        ("130000", "hebei_columns"),
        ("130100", "hebei_columns"),
        ("330100", "hanweb"),
        ("440300", "gkmlpt"),
        ("340100", "lonsun"),
        ("341700", "openness"),
        ("350700", "fujian_cms"),
        ("411000", "epoint"),
        ("610600", "shaanxi"),
        ("210600", None),
    ],
)
def test_platforms_are_written_down_where_there_is_evidence(code, platform):
    assert portal(code).platform == platform


# --- finding


@pytest.mark.parametrize("text", ["shanxi", "140000", "山西省", "山西"])
def test_a_province_has_several_names(text):
    assert find_province(text).key == "shanxi"
    assert all(entry.division.startswith("14") for entry in portals(text))


@pytest.mark.parametrize("text", ["", "山", "火星", "140100"])
def test_what_is_no_province(text):
    assert find_province(text) is None
    with pytest.raises(KeyError):
        portals(text)


def test_cities_of_the_corps_are_not_those_of_xinjiang():
    assert not any(entry.division.startswith("659") for entry in portals("xinjiang"))
    assert "659001" in {entry.division for entry in portals("bingtuan")}


@pytest.mark.parametrize(
    ("host", "code"),
    [
        ("www.dt.gov.cn", "140200"),
        ("dt.gov.cn", "140200"),
        ("WWW.DT.GOV.CN.:8080", "140200"),
        ("www.sxdt.gov.cn", "140200"),  # its former host
        ("info.xingtai.gov.cn", "130500"),
        ("fgw.hainan.gov.cn", "460000"),
        ("wzs.hainan.gov.cn", "469001"),  # a county under the domain of its province
        ("xxgk.wzs.hainan.gov.cn", "469001"),
    ],
)
def test_a_host_leads_to_its_portal(host, code):
    assert portal_of(host).division == code


@pytest.mark.parametrize(
    "host",
    ["", "gov.cn", "www.gov.cn", "xdt.gov.cn", "dt.gov.cn.example.com", "dt.gov.cn@example.com", "127.0.0.1"],
)
def test_clones_and_strangers_lead_nowhere(host):
    assert portal_of(host) is None


# --- the lint


@pytest.mark.parametrize(
    ("change", "problems"),
    [
        ({"division": "140298", "site_id": None}, ["code_unknown", "missing"]),
        ({"division": "140300", "site_id": None}, ["name_differs", "missing"]),
        ({"name": "太原市"}, ["name_differs"]),
        ({"platform": "wordpress"}, ["platform_unknown"]),
        ({"home": "http://www.dt.com.cn/", "columns": ()}, ["not_government"]),
        ({"home": "http://www.dt.gov.cn.evil.com/", "columns": ()}, ["not_government"]),
        ({"home": "http://gov.cn/", "columns": ()}, ["not_government"]),
        ({"hosts": ("dt.example.com",)}, ["not_government"]),
        ({"hosts": ("not a host",)}, ["bad_host", "not_government"]),
        ({"home": "www.dt.gov.cn"}, ["bad_url", "column_elsewhere", "column_elsewhere"]),
        ({"home": "ftp://www.dt.gov.cn/"}, ["bad_url"]),
        ({"home": "https://www.dt.gov.cn"}, ["bad_url"]),
        ({"home": "https://www.dt.gov.cn:8080/"}, ["bad_url"]),
        ({"home": "https://user@www.dt.gov.cn/"}, ["bad_url"]),
        ({"home": "https://www.dt.gov.cn/?a=1"}, ["bad_url"]),
        ({"home": "https://www.dt.gov.cn/#top"}, ["bad_url"]),
        ({"home": "https://www.dt.gov.cn/a b"}, ["bad_url"]),
        ({"home": "https://[dt.gov.cn/", "hosts": (), "columns": ()}, ["bad_url"]),
        ({"home": "https://www.dt_.gov.cn/", "columns": ()}, ["bad_url"]),
        ({"home": "https://www.yq.gov.cn/", "columns": ()}, ["duplicate_address"]),
        ({"home": "http://yq.gov.cn", "columns": ()}, ["bad_url", "duplicate_address"]),
        ({"hosts": ("www.yq.gov.cn",)}, ["duplicate_address"]),
        ({"columns": (Column("政府信息公开年报", "http://www.yq.gov.cn/nb/"),)}, ["column_elsewhere"]),
        ({"columns": (Column(" ", "http://www.dt.gov.cn/nb/?page=1"),)}, ["column_without_label"]),
        ({"columns": (Column("年报", "/nb/"),)}, ["bad_url"]),
        ({"columns": (Column("年报", "http://xxgk.dt.gov.cn/nb/", ("hearsay",)),)}, ["note_unknown"]),
        ({"site_id": "1401000004"}, ["site_id_differs"]),
        ({"site_id": "14020000４"}, ["site_id_differs"]),
        ({"limits": (Limit("", DAY),)}, ["without_reason"]),
        ({"limits": (Limit("bad mood", DAY),)}, ["reason_unknown"]),
        ({"exceptions": (PortalException("tls", "legacy", " ", DAY),)}, ["without_reason"]),
        ({"exceptions": (PortalException("tls", "none", "http_only", DAY),)}, ["exception_unknown"]),
        ({"exceptions": (PortalException("robots", "ignore", "http_only", DAY),)}, ["exception_unknown"]),
        ({"valid_to": DAY}, ["missing"]),
        ({"valid_from": date(2027, 1, 1), "valid_to": DAY}, ["bad_dates", "missing"]),
    ],
)
def test_the_lint_finds(change, problems):
    flawed = registry_with("140200", replace(portal("140200"), **change))
    # A changed code may also stand out of order: that has its own test.
    assert [entry for entry in found_in(flawed) if entry[1] != "unordered"] == [
        ("shanxi", code) for code in problems
    ]


def test_a_host_outside_the_government_domain_needs_a_proof():
    foreign = replace(portal("140200"), home="http://www.datong.org.cn/", columns=())
    assert found_in(registry_with("140200", replace(foreign, proof=" "))) == [("shanxi", "not_government")]
    assert found_in(registry_with("140200", replace(foreign, proof="大同市政府公告"))) == []


def test_a_division_that_ended_needs_an_end():
    # 怀仁县 became 怀仁市 in 2018.
    row = portal("140681")
    old = replace(row, division="140624", name="怀仁县", home="http://old.zghr.gov.cn/")
    rest = registry_with("140623", portal("140623"), old)
    assert found_in(rest) == [("shanxi", "code_ended")]
    assert found_in(registry_with("140623", portal("140623"), replace(old, valid_to=date(2018, 5, 1)))) == []


def test_two_addresses_of_one_division_stand_in_order():
    row = portal("140200")
    second = replace(row, home="https://xxgk.dt.gov.cn/", hosts=(), columns=())
    assert found_in(registry_with("140200", row, second)) == []
    assert found_in(registry_with("140200", second, row)) == [("shanxi", "unordered")]


def test_folders_of_one_host_are_two_addresses():
    folder = replace(portal("140300"), home="https://www.dt.gov.cn/yq/")
    assert found_in(registry_with("140300", folder)) == []
    assert found_in(registry_with("140300", replace(folder, home="http://dt.gov.cn/"))) == [
        ("shanxi", "duplicate_address")
    ]


def test_another_provinces_division_is_out_of_place():
    guest = replace(portal("130283"), home="http://guest.qianan.gov.cn/", columns=())
    assert found_in(registry_with("140000", guest, portal("140000"))) == [("shanxi", "code_elsewhere")]


@pytest.mark.parametrize(("code", "province"), [("140200", "shanxi"), ("130283", "hebei"), ("659001", None)])
def test_a_missing_row_is_seen_where_it_is_due(code, province):
    # Counties are due in Hebei and Shanxi only.
    assert found_in(registry_with(code)) == ([(province, "missing")] if province else [])


def test_a_gap_needs_a_reason_and_must_be_one():
    def with_gap(unknown: Unknown) -> list:
        return [replace(p, unknown=(*p.unknown, unknown)) if p.key == "shanxi" else p for p in provinces()]

    gap = Unknown("140200", "大同市", "address_unknown", DAY)
    assert found_in(with_gap(gap)) == [("shanxi", "not_missing")]
    unreasoned = replace(gap, division="140105", name="小店区", reason="")
    assert found_in(with_gap(replace(gap, name="太原市"))) == [
        ("shanxi", "gap_differs"),
        ("shanxi", "not_missing"),
    ]
    assert found_in(with_gap(unreasoned)) == [("shanxi", "without_reason"), ("shanxi", "not_missing")]


def test_a_missing_province_and_an_unknown_usual_platform():
    assert found_in([province for province in provinces() if province.key != "xizang"]) == [("", "missing")]
    odd = [replace(p, usual="html") if p.key == "xizang" else p for p in provinces()]
    assert found_in(odd) == [("xizang", "platform_unknown")]


# --- reading

ROW = '{ division = "140200", name = "大同市", home = "http://www.dt.gov.cn/"%s }'
FILE = 'code = "140000"\nname = "山西省"\nprefixes = ["14"]\n%sportals = [%s]\n'


def test_a_row_may_be_short():
    province = parse_province("shanxi", FILE % ("", ROW % ""))
    assert province.portals == (Portal("140200", "大同市", "http://www.dt.gov.cn/"),)
    assert (province.key, province.depth, province.usual) == ("shanxi", "prefecture", None)


@pytest.mark.parametrize(
    ("head", "more", "message"),
    [
        ("", ', colour = "red"', "140200 unknown key: colour"),
        ("", ", platform = 1", "140200 platform"),
        ("", ', limits = [{ reason = "x" }]', "lacks: since"),
        ("", ', limits = [{ reason = "x", since = "2026" }]', "since: date"),
        ("", ', hosts = "www.dt.gov.cn"', "140200 hosts: a list"),
        ("", ", columns = [1]", "140200 columns: a list"),
        ('depth = "village"\n', "", "depth"),
        ("prefixes = 14\n", "", "shanxi.toml"),  # the key stands twice
    ],
)
def test_a_broken_file_is_refused_with_its_place(head, more, message):
    with pytest.raises(RegistryError, match=message) as refusal:
        parse_province("shanxi", FILE % (head, ROW % more))
    assert str(refusal.value).startswith("shanxi.toml:")


# --- the command


@pytest.fixture
def scrapy(capfd, monkeypatch):
    """``scrapy portals ...`` in this process → exit code, standard output, standard error."""
    monkeypatch.chdir(ROOT)
    monkeypatch.delenv("GONGKAI_LANG", raising=False)
    before = signal.getsignal(signal.SIGTERM)

    def run(*arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as stop:
            execute(["scrapy", "portals", *arguments])
        out, err = capfd.readouterr()
        return int(stop.value.code or 0), out, err

    yield run
    signal.signal(signal.SIGTERM, before)


def test_the_summary_counts_each_province(scrapy):
    code, out, err = scrapy()
    assert (code, err) == (0, "")
    (line,) = [line for line in out.splitlines() if line.endswith("山西省")]
    shanxi = find_province("shanxi")
    assert line.split()[:3] == ["140000", "shanxi", str(len(shanxi.portals))]
    assert line.split()[-2] == str(len(shanxi.unknown))


def test_rows_are_listed_and_filtered(scrapy):
    _, out, _ = scrapy("list", "广东", "--platform", "gkmlpt")
    assert len(out.splitlines()) == 22 + 1  # 省本级 and 21 cities, and the sum
    _, out, _ = scrapy("--limited", "--lang", "en")
    assert "130283" in out
    assert "140200" not in out
    _, out, _ = scrapy("list", "shanxi", "--columns")
    assert [line[:6] for line in out.splitlines()[:-1]] == ["140200", "140581", "140600"]
    _, out, _ = scrapy("list", "shanxi", "--platform", "-")
    assert "140200" not in out
    _, out, _ = scrapy("list", "shanxi")
    assert "网址不详" in out


@pytest.mark.parametrize(
    "wanted", ["140200", "www.dt.gov.cn", "https://www.dt.gov.cn/dtszf/gkndbgz/list.shtml"]
)
def test_one_portal_is_explained(scrapy, wanted):
    code, out, _ = scrapy("show", wanted)
    assert code == 0
    for word in ("大同市", "山西省", "地级", "开普云", "dtszf", "gkndbgz", "境外"):
        assert word in out


def test_a_gap_is_explained(scrapy):
    code, out, _ = scrapy("show", "140406")
    assert code == 0
    assert "潞城区" in out
    assert "网址不详" in out


def test_a_usual_platform_is_only_a_hint(scrapy):
    _, out, _ = scrapy("show", "140900", "--lang", "en")
    assert "not recorded (usual in the province: TRS)" in out


def test_the_lint_has_an_exit_code(scrapy, monkeypatch):
    assert scrapy("lint")[0] == 0
    flawed = lint(registry_with("140200", replace(portal("140200"), platform="wordpress")))
    monkeypatch.setattr("crawler.commands.portals.lint", lambda: flawed)
    code, out, _ = scrapy("lint")
    assert code == 1
    assert "shanxi.toml 140200 大同市：未知平台：wordpress" in out


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["frob"], "frob"),
        (["show"], "主机名"),
        (["show", "www.example.com"], "www.example.com"),
        (["show", "140200", "140300"], "140300"),
        (["lint", "x"], "多余"),
        (["list", "火星"], "火星"),
        (["list", "--platform", "wordpress"], "trs ucap"),
        (["list", "--frob"], "--frob"),
        (["--lang", "fr"], "fr"),
        (["show", "\x1b[31m"], "\ufffd[31m"),
    ],
)
def test_what_can_not_be_used_is_said(scrapy, arguments, sentence):
    code, out, err = scrapy(*arguments)
    assert (code, out) == (2, "")
    assert sentence in err
    assert "\x1b" not in err


# --- against a public list

CONTRADICTED = {
    # nothing but that list speaks for the other address: ours is marked as unconfirmed
    *("130207", "140928", "140929", "141032", "141126"),
    # ours is in use in many places: a twin, a sub-host or another name is listed
    *("310107", "410100", "520600", "532300", "654300"),
}


@pytest.mark.skipif(not PUBLIC_LIST.exists(), reason="the public list of portals is not beside the project")
def test_hosts_agree_with_a_public_list_but_for_known_ones():
    listed = {
        entry["key"]: urlsplit(entry["url"]).hostname for entry in json.loads(PUBLIC_LIST.read_text("utf-8"))
    }
    differing = {
        entry.division
        for entry in portals()
        if (host := listed.get(_key(entry.division))) is not None
        and host.removeprefix("www.") != entry.host.removeprefix("www.")
    }
    assert differing == CONTRADICTED


def _key(code: str) -> str:
    """How that list names a place: province/city/county."""
    names = []
    while code:
        names.insert(0, divisions()[code].name)
        code = divisions()[code].parent
    return "/".join(names)
