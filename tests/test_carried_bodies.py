"""Bodies without the wording of table 3 that stand only in the data of a script: old prose, wrappers of a file."""

from __future__ import annotations

import json
from time import perf_counter

import pytest

from pipelines.cleaning.embedded import carried_text
from pipelines.document import Document
from pipelines.extraction import extract

TITLE = "溪山县水利局2016年政府信息公开工作年度报告"
BODY = "<p>一、概述</p><p>2016年，各项工作平稳有序。</p><p>二、主动公开</p><p>共公开政府信息321条。</p>"
CLOSED = BODY.replace("</", "<\\/")
HEADINGS = ["一、概述", "二、主动公开"]
WRAPPER = "<p>全文请下载附件查看。</p>"
FILES = [{"fileName": "报告.pdf", "filePath": "/f/1.pdf", "domainName": "http://b.gov.cn"}]


def page(script, shown=""):
    return (
        f"<html><head><title>{TITLE}</title></head><body><a href='/'>首页</a>{shown}<div id=app></div>"
        f"<script>{script}</script><div>主办：溪山县人民政府。版权所有。</div></body></html>"
    )


def read(source):
    return extract(Document(url="https://a.gov.cn/1.html", body=source.encode(), title=TITLE))


def data(value):
    return json.dumps(value).replace("</", "<\\/")


@pytest.mark.parametrize(
    "source",
    [
        page(f"var d={data({'title': 'x', 'content': BODY})}"),
        page(
            f"window._CONFIG={{DETAIL:{json.dumps({'content': BODY})}}}".replace("<", "\\u003C").replace(
                "/", "\\/"
            )
        ),
        page(f"var articleContent = '{CLOSED}';"),
        page("var txt = '" + BODY.replace("<", "\\x3c") + "'"),
        page(f"const html = `{CLOSED}`"),
        page(f"var d = JSON.parse({data(json.dumps({'a': {'content': BODY}}))})"),
        page('var d={content:"' + BODY.replace("<", "&lt;").replace(">", "&gt;") + '"}'),
        page(f"$('#c').html('{CLOSED}')"),
        page(
            f"var a={data({'content': BODY})}, b={data({'html': '<div>扫一扫在手机打开当前的这个页面</div>'})}"
        ),
        json.dumps({"data": {"title": "x", "content": BODY}}, ensure_ascii=False),
    ],
)
def test_prose_in_a_script(source):
    report = read(source)
    assert report.kind == "legacy_report"
    assert [section.title for section in report.sections] == HEADINGS
    assert "body_from_script" in report.quality.reasons
    assert carried_text(source).endswith("共公开政府信息321条。</p>")


@pytest.mark.parametrize(
    "source",
    [
        page(f"var l={data([{'content': BODY}, {'content': BODY.replace('水', '木').replace('321', '9')}])}"),
        page(f"var d={data({'content': '各项工作平稳有序。' * 9})}"),
        page("var d={content:'<div class=a></div>'}"),
        page("var html='<div class=a><img src=\"' + src + '\"></div>'"),
        page("var d={content:'" + CLOSED),
        page(""),
        BODY,
    ],
)
def test_lists_widgets_and_broken_strings_are_no_body(source):
    assert carried_text(source) == ""


def test_a_page_that_shows_its_own_text_keeps_to_it():
    own = "<p>一、总体情况</p><p>" + "今年各项工作平稳有序，没有收到申请。" * 8 + "</p>"
    report = read(page(f"var d={data({'content': BODY})}", own))
    assert "body_from_script" not in report.quality.reasons
    assert "321" not in "".join(section.text for section in report.sections)


def test_files_of_a_carried_document():
    link = WRAPPER + '<p><a href="/f/2.docx">附件.docx</a></p>'
    both = read(page(f"var d={data({'content': link, 'articleFiles': FILES})}"))
    assert [(file.url, file.name) for file in both.attachments] == [
        ("http://b.gov.cn/f/1.pdf", "报告.pdf"),
        ("https://a.gov.cn/f/2.docx", "附件.docx"),
    ]
    alone = read(page(f"var d={data({'content': '', 'articleFiles': FILES})}"))
    assert [file.url for file in alone.attachments] == ["http://b.gov.cn/f/1.pdf"]
    rows = [{"articleFiles": FILES}, {"articleFiles": [{"filePath": "/f/3.pdf"}]}]
    assert read(page(f"var d={data(rows)}")).attachments == []


@pytest.mark.parametrize(
    "unit",
    [
        "content:        ",
        'content:"<p>\\" ',
        '="{content\\\\\\":\\"<p>',
        "files:[",
        "<script>",
        'content:"<p',
        '{"a":',
    ],
)
def test_hostile_scripts_cost_no_more_than_their_length(unit):
    source = page(unit * (1_000_000 // len(unit)))
    start = perf_counter()
    read(source)
    assert perf_counter() - start < 10
