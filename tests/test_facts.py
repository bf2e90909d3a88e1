from __future__ import annotations

import tomllib
from decimal import Decimal
from importlib.resources import files

import pytest

from pipelines.facts import extract_facts, fact_label, parts_of, read_number
from pipelines.record import Section


def facts_of(text: str, *, number: int = 1, year: int | None = 2024, agency: str | None = None, preamble=()):
    return extract_facts(
        [Section(number=number, title="一、总体情况", text=text)], preamble, year, agency=agency
    )


def stated(text: str, **options) -> set[tuple]:
    return {(f.name, f.value, f.qualifier) for f in facts_of(text, **options)}


@pytest.mark.parametrize(
    ("printed", "value"),
    [
        ("12", 12),
        ("1,234", 1234),
        ("45.28", Decimal("45.28")),
        ("三", 3),
        ("十二", 12),
        ("二十", 20),
        ("一百零五", 105),
    ],
)
def test_numbers(printed, value):
    assert read_number(printed) == value


@pytest.mark.parametrize(
    ("sentence", "fact"),
    [
        ("主动公开政府信息45.28万条。", ("proactive.total", 452_800, "exact")),
        ("主动公开政府信息1,234条。", ("proactive.total", 1234, "exact")),
        ("主动公开各类政府信息100余条。", ("proactive.total", 100, "at_least")),
        ("主动公开政府信息近30条。", ("proactive.total", 30, "at_most")),
        ("主动公开政府信息约30条。", ("proactive.total", 30, "about")),
        ("局门户网站发布各类信息超过500条。", ("channel.website_items", 500, "at_least")),
        ("微信公众号推送信息88条。", ("channel.wechat_posts", 88, "exact")),
        ("政务微博发布信息5条。", ("channel.weibo_posts", 5, "exact")),
        ("公众号订阅数达3.7万人。", ("channel.wechat_followers", 37_000, "exact")),
        ("网站访问量86万余次。", ("channel.visits", 860_000, "at_least")),
        ("发布政策解读材料12篇。", ("interpretations", 12, "exact")),
        ("召开三次新闻发布会。", ("press_conferences", 3, "exact")),
        ("收到政府信息公开申请54件。", ("requests.new", 54, "exact")),
        ("受理各类依申请公开事项１２件。", ("requests.new", 12, "exact")),
        ("共收到7件申请，均已答复。", ("requests.new", 7, "exact")),
        ("全年未收到政府信息公开申请。", ("requests.new", 0, "exact")),
        ("本年度没有收到任何依申请公开。", ("requests.new", 0, "exact")),
        ("收到信息公开申请54件，办结53件。", ("requests.handled", 53, "exact")),
        ("收到信息公开申请54件。全部受理。按时办结53件。", ("requests.handled", 53, "exact")),
        ("办结政府信息公开申请20件（含上年结转2件）。", ("requests.carried_in", 2, "exact")),
        ("收到信息公开申请5件，1件结转下年度继续办理。", ("requests.carried_out", 1, "exact")),
        ("收到信息公开申请5件，不予公开3件。", ("requests.denied", 3, "exact")),
        ("收到信息公开申请5件，予以公开和部分公开3件。", ("requests.granted_or_partly", 3, "exact")),
        ("收到信息公开申请8件，其中网上申请5件，信函申请3件。", ("requests.channel.online", 5, "exact")),
        ("收到政府信息公开申请9件，自然人8件、企业1件。", ("requests.applicant.natural_person", 8, "exact")),
        ("因政府信息公开引起行政复议2件、行政诉讼7件。", ("disputes.suit", 7, "exact")),
        ("未发生因政府信息公开引起的行政复议、行政诉讼案件。", ("disputes.suit", 0, "exact")),
        ("收取信息处理费400元。", ("processing_fee.received_yuan", 400, "exact")),
        ("未向申请人收取信息处理费。", ("processing_fee.received_yuan", 0, "exact")),
        ("收取政府信息公开信息处理费0.15万元。", ("processing_fee.received_yuan", 1500, "exact")),
        ("今年制发规范性文件6件，废止2件，现行有效9件。", ("normative.repealed", 2, "exact")),
        ("举办政务公开业务培训班2期。", ("training.sessions", 2, "exact")),
        ("依申请公开申请按时办结率100%。", ("requests.on_time_rate", 100, "exact")),
    ],
)
def test_what_is_a_fact(sentence, fact):
    assert fact in stated(sentence)


@pytest.mark.parametrize(
    "sentence",
    [
        "12345热线共受理2720件。",
        "受理网民留言872件，其中人民网10件。",
        "办理行政复议案件120件，行政诉讼30件。",
        "2023年收到政府信息公开申请54件。",
        "上年收到政府信息公开申请54件。",
        "力争收到政府信息公开申请54件。",
        "未收到因政府信息公开申请引发的投诉。",
        "收到行政许可申请30件。",
        "截至2024年底，累计收到政府信息公开申请340件。",
        "全年未发生因依申请公开被行政复议纠错或者行政诉讼败诉的情形。",
        "行政事业性收费未按规定收取费用。",
        "政务微博、微信公众号发布信息90条。",
        "规章备案、解读和宣传材料9件。",
        "区政府办代表区政府受理政府信息公开申请17件。",
    ],
)
def test_what_may_be_something_else_is_no_fact(sentence):
    assert {name for name, _, _ in stated(sentence)} <= {"processing_fee.statement"}


@pytest.mark.parametrize(
    "sentence",
    [
        "因政府信息公开被申请行政复议6件（含上年结转1件）。",
        "因政府信息公开被申请行政诉讼6件（其中1件结转下年度）。",
    ],
)
def test_what_is_carried_over_in_a_dispute_is_no_request(sentence):
    assert {name for name, _, _ in stated(sentence)} <= {"disputes.review", "disputes.suit"}


def test_proposals_are_no_requests():
    assert stated("收到申请后，办理人大建议和政协提案20件。") == {("proposals_answered", 20, "exact")}


def test_what_an_office_received_belongs_to_the_office_alone():
    sentence = "市政府办公厅代表市政府受理政府信息公开申请17件。"
    assert ("requests.new", 17, "exact") in stated(sentence, agency="某市人民政府办公厅")
    assert not stated(sentence, agency="某市人民政府")


def test_followers_may_stand_in_the_sentence_after_their_channel():
    assert ("channel.wechat_followers", 389, "exact") in stated("本局微信平台已经开通。粉丝关注数389人。")
    assert not stated("政务微博已经开通。粉丝关注数389人。")


def test_parts_follow_their_total():
    facts = facts_of("我局主动公开政府信息10条，其中：工作动态（含通知、公告）7条，政策文件3条。")
    total, *parts = facts
    assert (total.name, total.value) == ("proactive.total", 10)
    assert [(part.name, part.value, part.sentence) for part in parts] == [
        ("proactive.parts", 7, "工作动态7条"),
        ("proactive.parts", 3, "政策文件3条"),
    ]
    assert parts_of(total).total() == 10


def test_sentence_is_as_printed_even_when_its_line_was_broken():
    text = "市政府共受理政府信息公开申请 1295 件，办结 1191 件（含\n上年结转 189 件），均按时答复。"
    facts = {fact.name: fact for fact in facts_of(text)}
    assert facts["requests.carried_in"].value == 189
    assert facts["requests.carried_in"].sentence == text.replace("\n", "")
    assert not stated("主动公开政府信息 12 345 条。")


def test_contact_period_and_basis_come_from_the_preamble():
    preamble = [
        "根据《某某条例》编制，统计期限自2024年1月1日起至12月31日止（地址：甲路1号，电话：010-123456，邮编：100000）。"
    ]
    facts = {fact.name: fact.value for fact in facts_of("", preamble=preamble)}
    assert facts == {
        "legal_basis": "某某条例",
        "period": "2024-01-01/2024-12-31",
        "contact.address": "甲路1号",
        "contact.phone": "010-123456",
        "contact.postcode": "100000",
    }


@pytest.mark.parametrize("word", ["根据", "依据", "依照", "按照"])
def test_what_a_report_is_based_on(word):
    facts = facts_of("", preamble=[f"{word}《某某条例》要求编制。"])
    assert [(fact.name, fact.value) for fact in facts] == [("legal_basis", "某某条例")]


def test_spaces_between_digits_part_numbers():
    assert not stated("收取信息处理费4  00元。")
    assert not stated("主动公开政府信息1 \n 70条。")
    assert stated("收到信息公开申请15件，其中1 2件结转下年度。") == {("requests.new", 15, "exact")}
    (total,) = facts_of("主动公开政府信息19条，其中：甲1 0条，乙。")
    assert parts_of(total) is None


def test_every_fact_has_a_label():
    data = tomllib.loads(files("pipelines.data").joinpath("facts.toml").read_text("utf-8"))
    names = {"problems", "improvements", "proactive.parts", "processing_fee.statement"}
    for rule in data["facts"]:
        names |= {rule["name"] + key for key in rule.get("keys", {"": ""}).values()}
    assert {name for name in names if not (fact_label(name, "zh") and fact_label(name, "en"))} == set()
    assert fact_label("requests.denied_share", "zh") == "不予公开占比"
    with pytest.raises(KeyError):
        fact_label("weather", "zh")


def test_problems_and_improvements():
    text = "存在不足：一是人少；二是事多。下一步，一是加人，收到申请9件；二是减事。"
    facts = facts_of(text, number=5)
    assert [(fact.name, fact.value) for fact in facts] == [
        ("problems", "人少"),
        ("problems", "事多"),
        ("improvements", "加人，收到申请9件"),
        ("improvements", "减事"),
    ]


@pytest.mark.parametrize(
    "text", ["收到" * 50_000, "1" * 100_000, "主动公开政府信息" * 20_000, "其中1条，" * 20_000, "未" * 90_000]
)
def test_hostile_text_ends_soon(text):
    facts_of(text)
