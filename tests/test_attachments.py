"""Files that a page carries are listed however the portal hides them."""

import pytest

from pipelines.cleaning import clean
from pipelines.document import Document

PAGE = "https://www.lanhe.gov.cn/a/b/c.html"
TITLE = "<h1>岚河市司法局2024年政府信息公开工作年度报告</h1>"


@pytest.mark.parametrize(
    ("markup", "url", "media_type"),
    [
        ('<a href="./P0202.pdf">全文</a>', "https://www.lanhe.gov.cn/a/b/P0202.pdf", "application/pdf"),
        (
            '<a href="/x/报告.DOC?v=1">全文</a>',
            "https://www.lanhe.gov.cn/x/报告.DOC?v=1",
            "application/msword",
        ),
        (
            '<a href="/system/_content/download.jsp?urltype=news.DownloadAttachUrl&owner=1&wbfileid=8">年报.pdf</a>',
            "https://www.lanhe.gov.cn/system/_content/download.jsp?urltype=news.DownloadAttachUrl&owner=1&wbfileid=8",
            "application/pdf",
        ),
        (
            '<a href="/module/download/downfile.jsp?classid=0&showname=年报.pdf&filename=a1b2.pdf">下载</a>',
            "https://www.lanhe.gov.cn/module/download/downfile.jsp?classid=0&showname=年报.pdf&filename=a1b2.pdf",
            "application/pdf",
        ),
        (
            '<iframe src="/pdfjs/web/viewer.html?file=%2Fupload%2F2024.pdf"></iframe>',
            "https://www.lanhe.gov.cn/upload/2024.pdf",
            "application/pdf",
        ),
        (
            '<script>showVsbpdfIframe("/__local/A/B/C.pdf", "100%", "600")</script>',
            "https://www.lanhe.gov.cn/__local/A/B/C.pdf",
            "application/pdf",
        ),
        ('<embed src="x.ofd">', "https://www.lanhe.gov.cn/a/b/x.ofd", "application/ofd"),
    ],
)
def test_listed(markup: str, url: str, media_type: str) -> None:
    page = clean(Document(url=PAGE, body=f"<html><body>{TITLE}{markup}</body></html>".encode()))
    assert [(link.url, link.media_type) for link in page.links] == [(url, media_type)]


@pytest.mark.parametrize(
    "markup",
    [
        '<a href="/pdf/">PDF</a>',
        "<a href=\"javascript:open('a.pdf')\">a</a>",
        '<a href="/a.html?from=x">第1.2节</a>',
        "a.pdf",
    ],
)
def test_nothing_else(markup: str) -> None:
    page = clean(Document(url=PAGE, body=f"<html><body>{TITLE}{markup}</body></html>".encode()))
    assert page.links == []
