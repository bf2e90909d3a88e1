from __future__ import annotations

from typing import Any

import pytest
from scrapy import Request
from scrapy.http import HtmlResponse

from crawler.wire.archiving import ArchivingMiddleware
from crawler.wire.failures import WireError
from pipelines.archive import Archive, Capture, index, read, request_key

URL = "http://www.lanhe.gov.cn/zwgk/nb/2025.html"
AT = "2026-01-01T00:00:00+00:00"


class Recorder:
    def __init__(self, archive: Archive | None) -> None:
        self.archive = archive
        self.noted: list[tuple[Capture, bytes]] = []
        self.failure: BaseException | None = None

    def fail(self, error: BaseException) -> None:
        self.failure = error

    def captured(self, capture: Capture, request: bytes) -> None:
        self.noted.append((capture, request))

    def first_capture(self, digest: str) -> tuple[str, str] | None:
        return next(((one.url, one.at) for one, _ in self.noted if one.digest == digest), None)


@pytest.fixture
def recorder(tmp_path, monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1767225600")
    with Archive(tmp_path / "archive", "run1", started=AT) as archive:
        yield Recorder(archive)


def asked(url: str = URL, **options: Any) -> Request:
    return Request(url, **({"cb_kwargs": {"visit": object()}, "headers": {"Cookie": "a=sesame"}} | options))


def answered(body: bytes = b"<p>1</p>", status: int = 200, **options: Any) -> HtmlResponse:
    headers = {"Content-Type": "text/html", "Set-Cookie": ["a=1", "b=2"]}
    return HtmlResponse(URL, status=status, body=body, headers=headers, **options)


def passed(recorder: Recorder | None, request: Request, response: HtmlResponse) -> Any:
    assert ArchivingMiddleware(lambda: recorder).process_response(request, response) is response
    return request.meta.get("capture")


def test_an_answer_is_archived_before_it_is_parsed(recorder, tmp_path):
    request = asked(method="POST", body=b"page=2")
    capture = passed(recorder, request, answered())
    assert (capture.url, capture.at, capture.content_type) == (URL, AT, "text/html")
    assert recorder.noted == [(capture, request_key("POST", URL, b"page=2"))]
    folder = tmp_path / "archive"
    assert read(folder, capture.file, capture.offset) == b"<p>1</p>"
    assert list(index(folder / capture.file)) == [capture]


def test_the_same_bytes_again_are_a_revisit(recorder):
    first, again = (passed(recorder, asked(), answered()) for _ in range(2))
    assert (first.revisit, again.revisit) == (False, True)
    assert first.digest == again.digest


@pytest.mark.parametrize(
    ("request_", "response"),
    [
        (asked(), answered(status=404)),
        (asked(), answered(status=304)),
        (asked(), answered(flags=["archived"])),
        (asked(cb_kwargs={}), answered()),
        (asked("http://www.lanhe.gov.cn/robots.txt", meta={"dont_obey_robotstxt": True}), answered()),
    ],
)
def test_what_is_no_final_answer_to_a_visit_is_left_alone(recorder, tmp_path, request_, response):
    assert passed(recorder, request_, response) is None
    assert recorder.noted == []
    assert not (tmp_path / "archive").exists()


@pytest.mark.parametrize("none", [None, Recorder(None)])
def test_without_an_archive_answers_pass(none):
    assert passed(none, asked(), answered()) is None


def test_a_full_disk_is_not_swallowed(recorder, monkeypatch):
    def full(*_: object) -> Capture:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Archive, "write", full)
    request = asked()
    with pytest.raises(WireError, match=r"interrupted: .*space"):
        ArchivingMiddleware(lambda: recorder).process_response(request, answered())
    assert "capture" not in request.meta
    assert recorder.noted == []
    assert isinstance(recorder.failure, OSError)
