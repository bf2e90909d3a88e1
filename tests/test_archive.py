"""The archive: what is written comes back, other tools read it, and no accident leaves more than a tail to cut."""

from __future__ import annotations

import gzip
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from warcio.archiveiterator import ArchiveIterator

from pipelines.archive import Archive, ArchiveError, Capture, Exchange, index, read, repair, request_key
from pipelines.archive.heads import LONGEST_URL
from pipelines.archive.writing import LIMIT

ROOT = Path(__file__).parent.parent
AT = "2026-01-02T03:04:05+00:00"
URL = "http://www.lanhe.gov.cn/zwgk/nb/2025.html?id=1"
PLAIN = Exchange(
    url=URL,
    method="GET",
    request_headers=[(b"Accept", b"text/html")],
    request_body=b"",
    status=200,
    reason="OK",
    response_headers=[(b"Content-Type", b"text/html; charset=utf-8"), (b"Set-Cookie", b"a=1")],
    body="<p>岚河市人民政府</p>".encode(),
    at=AT,
)


def archive_in(folder: Path, **options: Any) -> Archive:
    return Archive(folder, "run1", started=AT, **options)


def first_file(folder: Path) -> Path:
    return folder / "run1-00000.warc.gz"


def records(path: Path) -> list[tuple[str, Any, Any, bytes]]:
    """Every record as warcio's own reader finds it, digests checked."""
    with path.open("rb") as stream:
        return [
            (record.rec_type, record.rec_headers, record.http_headers, record.raw_stream.read())
            for record in ArchiveIterator(stream, check_digests="raise")
        ]


def random(seed: int) -> Random:
    return Random(seed)  # noqa: S311 - not for secrets


def checked(path: Path) -> None:
    """``warcio check`` has nothing to say."""
    command = [Path(sys.executable).parent / "warcio", "check", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own command
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def written(folder: Path, *bodies: bytes) -> list[Capture]:
    with archive_in(folder) as archive:
        return [
            archive.write(replace(PLAIN, body=body, url=f"{URL}&n={number}"))
            for number, body in enumerate(bodies)
        ]


# --- what is written


def test_an_exchange_is_warcinfo_response_and_request(tmp_path):
    folder = tmp_path / "new" / "archive"
    with archive_in(folder, software="gongkai/1") as archive:
        assert not folder.exists()
        capture = archive.write(replace(PLAIN, ip="192.0.2.1"))
    path = first_file(folder)
    assert capture == Capture(
        path.name,
        capture.offset,
        sha256(PLAIN.body).hexdigest(),
        False,  # noqa: FBT003
        "text/html; charset=utf-8",
        AT,
        URL,
    )
    assert read(folder, capture.file, capture.offset, digest=capture.digest) == PLAIN.body
    (info, *_), (response, there, answered, body), (request, asked, question, _) = records(path)
    assert (info, response, request) == ("warcinfo", "response", "request")
    assert asked.get_header("WARC-Concurrent-To") == there.get_header("WARC-Record-ID")
    assert there.get_header("WARC-Date") == "2026-01-02T03:04:05Z"
    assert there.get_header("WARC-IP-Address") == "192.0.2.1"
    assert there.get_header("WARC-Payload-Digest") == f"sha256:{capture.digest}"
    assert there.protocol == "WARC/1.1"
    assert (answered.get_statuscode(), body) == ("200", PLAIN.body)
    assert question.get_header("Host") == "www.lanhe.gov.cn"
    assert question.protocol + " " + question.statusline == "GET /zwgk/nb/2025.html?id=1 HTTP/1.1"
    assert list(index(path)) == [capture]
    checked(path)


def test_warcinfo_says_who_wrote_it_and_how(tmp_path):
    written(tmp_path, b"x")
    kind, headers, _, block = records(first_file(tmp_path))[0]
    assert (kind, headers.get_header("WARC-Filename")) == ("warcinfo", "run1-00000.warc.gz")
    for line in (
        "software: gongkai warcio/",
        "isPartOf: run1\r\n",
        "robots: obey\r\n",
        "WARC File Format 1.1",
    ):
        assert line in block.decode()


def test_equal_runs_give_equal_files(tmp_path):
    for name in ("a", "b"):
        written(tmp_path / name, b"1", b"2")
    assert first_file(tmp_path / "a").read_bytes() == first_file(tmp_path / "b").read_bytes()


def test_record_ids_are_unique(tmp_path):
    written(tmp_path, b"1", b"1", b"")
    ids = [headers.get_header("WARC-Record-ID") for _, headers, _, _ in records(first_file(tmp_path))]
    assert len(ids) == len(set(ids)) == 7


def test_nothing_is_made_where_nothing_is_written(tmp_path):
    with archive_in(tmp_path / "archive") as archive:
        archive.sync()
    assert not (tmp_path / "archive").exists()


ODD = st.binary(max_size=60)
HEADERS = st.lists(
    st.tuples(ODD | st.sampled_from([b"Set-Cookie", b"Content-Length", b"TE"]), ODD), max_size=8
)


@settings(deadline=None, max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    body=st.binary(max_size=2_000) | st.builds(lambda seed, n: random(seed).randbytes(n), st.integers(), st.integers(0, 200_000)),
    asked=st.binary(max_size=300),
    heads=st.tuples(HEADERS, HEADERS),
    words=st.tuples(st.text(max_size=8), st.text(max_size=30), st.text(max_size=60)),
)  # fmt: skip
def test_whatever_is_written_comes_back(tmp_path, body, asked, heads, words):
    folder = tmp_path / "archive"
    shutil.rmtree(folder, ignore_errors=True)
    method, reason, path = words
    exchange = Exchange(f"http://a.example/{path}", method, heads[0], asked, 200, reason, heads[1], body, AT)
    with archive_in(folder) as archive:
        captures = [archive.write(exchange), archive.write(exchange, lambda _: (exchange.url, AT))]
    file = first_file(folder)
    assert list(index(file)) == captures
    assert captures[1].revisit == bool(body)
    assert read(folder, captures[0].file, captures[0].offset) == body
    found = records(file)
    assert len(found) == 5
    for kind, _, head, rest in found[1:]:
        assert rest == {"response": body, "request": asked, "revisit": b""}[kind]
        expected = heads[0] if kind == "request" else heads[1]
        assert len(head.headers) <= len(expected) + 3
    assert repair(file) == 0


def test_headers_from_strangers_stay_in_their_lines(tmp_path):
    headers = [
        (b"Set-Cookie", b"a=1"),
        (b"Set-Cookie", b"b=2"),
        (b"X-Split", b"a\r\nX-Injected: 1\r\n\r\n<p>\x00"),
        (b"Bad Name:\r\n", b"1"),
        (b" X-Folded", b"2"),
        (b"", b"nameless"),
        (b"X-Utf8", "岚河".encode()),
        (b"X-Gbk", "岚河".encode("gbk")),
    ]
    with archive_in(tmp_path) as archive:
        capture = archive.write(replace(PLAIN, response_headers=headers, reason="OK\r\nX-Injected: 1"))
    _, _, head, body = records(first_file(tmp_path))[1]
    assert body == read(tmp_path, capture.file, capture.offset) == PLAIN.body
    assert head.headers == [
        ("Set-Cookie", "a=1"),
        ("Set-Cookie", "b=2"),
        ("X-Split", "a  X-Injected: 1    <p>"),
        ("Bad-Name-", "1"),
        ("X-Folded", "2"),
        ("-", "nameless"),
        ("X-Utf8", "岚河"),
        ("X-Gbk", "岚河".encode("gbk").decode("latin-1")),
        ("Content-Length", str(len(PLAIN.body))),
    ]


def test_what_is_not_true_of_the_decoded_body_stands_under_another_name(tmp_path):
    headers = [
        (b"content-encoding", b"gzip"),
        (b"Transfer-Encoding", b"chunked"),
        (b"Connection", b"keep-alive"),
        (b"Content-Length", b"7"),
    ]
    with archive_in(tmp_path) as archive:
        archive.write(replace(PLAIN, response_headers=headers))
    _, _, head, _ = records(first_file(tmp_path))[1]
    assert head.headers == [
        ("X-Archive-Orig-content-encoding", "gzip"),
        ("X-Archive-Orig-Transfer-Encoding", "chunked"),
        ("X-Archive-Orig-Connection", "keep-alive"),
        ("X-Archive-Orig-Content-Length", "7"),
        ("Content-Length", str(len(PLAIN.body))),
    ]
    with first_file(tmp_path).open("rb") as stream:
        read_by_others = [one.content_stream().read() for one in ArchiveIterator(stream)]
    assert read_by_others[1] == PLAIN.body


def test_a_true_length_stays(tmp_path):
    with archive_in(tmp_path) as archive:
        archive.write(replace(PLAIN, response_headers=[(b"Content-Length", b"%d" % len(PLAIN.body))]))
    assert records(first_file(tmp_path))[1][2].headers == [("Content-Length", str(len(PLAIN.body)))]


def test_no_secret_is_archived(tmp_path):
    secrets = [
        (b"Cookie", b"sesame=1"),
        (b"authorization ", b"Basic sesame"),
        (b"Proxy-Authorization", b"sesame"),
        (b"Accept", b"*/*"),
    ]
    with archive_in(tmp_path) as archive:
        url = "http://me:sesame@www.lanhe.gov.cn/a?b#sesame"
        capture = archive.write(replace(PLAIN, request_headers=secrets, url=url))
    assert capture.url == "http://www.lanhe.gov.cn/a?b"
    assert b"sesame" not in gzip.decompress(first_file(tmp_path).read_bytes())
    _, _, head, _ = records(first_file(tmp_path))[2]
    assert head.get_header("X-Archive-Left-Out") == "Cookie, authorization, Proxy-Authorization"
    assert head.get_header("Accept") == "*/*"


def test_a_form_that_was_sent_is_archived_with_its_length(tmp_path):
    with archive_in(tmp_path) as archive:
        archive.write(replace(PLAIN, method="post", request_body=b"page=2"))
    kind, _, head, body = records(first_file(tmp_path))[2]
    assert (kind, head.protocol, body) == ("request", "POST", b"page=2")
    assert head.get_header("Content-Length") == "6"


def test_heads_that_are_too_long_are_cut_and_can_be_read(tmp_path):
    with archive_in(tmp_path) as archive:
        capture = archive.write(
            replace(PLAIN, url=f"http://a.example/{'x' * (LONGEST_URL - 17)}",
                    response_headers=[(b"X-Long", b"x" * 1000)] * 5000)
        )  # fmt: skip
    assert read(tmp_path, capture.file, capture.offset) == PLAIN.body
    _, _, head, _ = records(first_file(tmp_path))[1]
    assert 4000 < int(head.get_header("X-Archive-Left-Out")) < 5000


@pytest.mark.parametrize(
    "url", ["ftp://a.example/", "http:///x", "about:blank", " http://a.example/", "http://" + "a" * (1 << 20)]
)
def test_what_is_no_address_of_the_web_is_refused(tmp_path, url):
    with archive_in(tmp_path / "archive") as archive, pytest.raises(ValueError, match="not an address"):
        archive.write(replace(PLAIN, url=url))
    assert not (tmp_path / "archive").exists()


@pytest.mark.parametrize("at", ["yesterday", "2026-01-02T03:04:05", "0001-01-01T00:00:00+14:00"])
def test_what_is_no_time_is_refused(tmp_path, at):
    with archive_in(tmp_path) as archive, pytest.raises(ValueError, match=r"time|isoformat"):
        archive.write(replace(PLAIN, at=at))


@pytest.mark.parametrize("run", ["", "../x", "a/b", ".hidden", "a b", "a\0"])
def test_names_of_runs_never_become_paths(tmp_path, run):
    with pytest.raises(ValueError, match="run"):
        Archive(tmp_path, run, started=AT)


# --- files


def test_bytes_seen_before_are_not_written_again(tmp_path):
    body = random(1).randbytes(50_000)
    with archive_in(tmp_path) as archive:
        first = archive.write(replace(PLAIN, body=body))
        known = {first.digest: (first.url, first.at)}
        later = "2026-02-01T00:00:00+00:00"
        again = archive.write(replace(PLAIN, body=body, url="http://b.example/", at=later), known.get)
        other = archive.write(replace(PLAIN, body=b"other"), known.get)
    assert (first.revisit, again.revisit, other.revisit) == (False, True, False)
    assert again.digest == first.digest
    assert first_file(tmp_path).stat().st_size < 55_000
    kind, headers, head, rest = records(first_file(tmp_path))[3]
    assert (kind, rest) == ("revisit", b"")
    assert headers.get_header("WARC-Refers-To-Target-URI") == URL
    assert headers.get_header("WARC-Refers-To-Date") == "2026-01-02T03:04:05Z"
    assert headers.get_header("WARC-Payload-Digest") == f"sha256:{first.digest}"
    assert headers.get_header("WARC-Profile").endswith("1.1/revisit/identical-payload-digest")
    assert head.get_header("Content-Length") == "50000"
    with pytest.raises(ArchiveError) as caught:
        read(tmp_path, again.file, again.offset)
    assert caught.value.problem == "revisit"
    assert list(index(first_file(tmp_path))) == [first, again, other]
    checked(first_file(tmp_path))


def test_files_roll_over_at_the_limit_and_none_is_larger(tmp_path):
    limit = 20_000
    noise = random(1)
    bodies = [noise.randbytes(noise.randrange(9_000)) for _ in range(30)] + [noise.randbytes(50_000), b""]
    with archive_in(tmp_path, limit=limit) as archive:
        captures = [archive.write(replace(PLAIN, body=body)) for body in bodies]
    files = sorted(tmp_path.iterdir())
    assert [file.name for file in files] == [f"run1-{number:05d}.warc.gz" for number in range(len(files))]
    assert sum(file.stat().st_size > limit for file in files) == 1  # the answer that is larger by itself
    assert [one for file in files for one in index(file)] == captures
    assert [read(tmp_path, one.file, one.offset) for one in captures] == bodies
    assert all(records(file)[0][0] == "warcinfo" for file in files)
    assert LIMIT == 1 << 30


def test_a_file_that_is_there_is_never_touched(tmp_path):
    first_file(tmp_path).write_bytes(b"torn")
    (capture,) = written(tmp_path, b"x")
    assert capture.file == "run1-00001.warc.gz"
    assert first_file(tmp_path).read_bytes() == b"torn"


def test_after_close_another_file_is_begun(tmp_path):
    archive = archive_in(tmp_path)
    names = []
    for _ in range(2):
        names.append(archive.write(PLAIN).file)
        archive.close()
    assert names == ["run1-00000.warc.gz", "run1-00001.warc.gz"]


def test_what_was_written_is_with_the_system_at_once(tmp_path):
    with archive_in(tmp_path) as archive:
        capture = archive.write(PLAIN)
        assert read(tmp_path, capture.file, capture.offset) == PLAIN.body
        archive.sync()


# --- accidents while writing


@pytest.fixture
def small_files():
    """Files of this process can't grow beyond a limit that the test sets: as on a full disk, in part."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)

    def limit(size: int | None) -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, before if size is None else (size, before[1]))

    yield limit
    limit(None)


def test_a_full_disk_leaves_whole_records_and_a_later_write_works(tmp_path, small_files):
    noise = random(2)
    with archive_in(tmp_path) as archive:
        first = archive.write(PLAIN)
        size = first_file(tmp_path).stat().st_size
        small_files(size + 10_000)
        with pytest.raises(OSError, match="large") as caught:
            archive.write(replace(PLAIN, body=noise.randbytes(100_000)))
        assert caught.value.filename == str(first_file(tmp_path))
        assert first_file(tmp_path).stat().st_size == size
        small_files(None)
        second = archive.write(replace(PLAIN, body=b"later"))
    assert second.offset == size
    assert list(index(first_file(tmp_path))) == [first, second]
    checked(first_file(tmp_path))


def test_a_disk_that_is_full_from_the_beginning_leaves_no_file(tmp_path, small_files):
    with archive_in(tmp_path) as archive:
        small_files(20)
        for _ in range(3):
            with pytest.raises(OSError, match="large"):
                archive.write(PLAIN)
        assert list(tmp_path.iterdir()) == []
        small_files(None)
        assert archive.write(PLAIN).file == "run1-00000.warc.gz"


def test_where_not_even_cutting_works_another_file_is_begun(tmp_path, small_files, monkeypatch):
    def refuse(*_: object) -> None:
        raise OSError(5, "Input/output error")

    with archive_in(tmp_path) as archive:
        first = archive.write(PLAIN)
        size = first_file(tmp_path).stat().st_size
        small_files(size + 100)
        with monkeypatch.context() as patch:
            patch.setattr(os, "ftruncate", refuse)
            with pytest.raises(OSError, match="large"):
                archive.write(replace(PLAIN, body=random(3).randbytes(5_000)))
        small_files(None)
        second = archive.write(PLAIN)
    assert (second.file, first_file(tmp_path).stat().st_size) == ("run1-00001.warc.gz", size + 100)
    assert repair(first_file(tmp_path)) == 100
    assert list(index(first_file(tmp_path))) == [first]


def test_after_a_failed_sync_nothing_more_is_promised(tmp_path, monkeypatch):
    def refuse(_: int) -> None:
        raise OSError(28, "No space left on device")

    archive = archive_in(tmp_path)
    archive.write(PLAIN)
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", refuse)
        with pytest.raises(OSError, match="space"):
            archive.sync()
    for attempt in (archive.sync, lambda: archive.write(PLAIN)):
        with pytest.raises(OSError, match="space"):
            attempt()
    archive.close()


WRITER = """
import sys
from pathlib import Path
from tests.test_archive import PLAIN, archive_in, random
from dataclasses import replace
noise = random(int(sys.argv[2]))
archive = archive_in(Path(sys.argv[1]))
number = 0
while True:
    body = b"%d " % number + noise.randbytes(noise.randrange(400_000))
    capture = archive.write(replace(PLAIN, body=body))
    print(capture.file, capture.offset, capture.digest, flush=True)
    number += 1
"""


@pytest.mark.parametrize("seed", range(5))
def test_killed_while_writing(tmp_path, seed):
    command = [sys.executable, "-c", WRITER, str(tmp_path), str(seed)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)  # noqa: S603 - our own command
    assert process.stdout is not None
    told = process.stdout.readline()
    time.sleep(random(seed).random() / 4)
    process.send_signal(signal.SIGKILL)
    told += process.stdout.read()
    process.stdout.close()
    process.wait()
    repair(first_file(tmp_path))
    assert repair(first_file(tmp_path)) == 0
    checked(first_file(tmp_path))
    promised = [line.split() for line in told.splitlines() if line.count(" ") == 2 and len(line) > 80]
    there = {(one.file, one.offset, one.digest) for one in index(first_file(tmp_path))}
    for file, offset, digest in promised:
        assert (file, int(offset), digest) in there
        read(tmp_path, file, int(offset), digest=digest)


# --- repair


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """A small file, with its captures and where its records begin and end."""
    folder = tmp_path_factory.mktemp("small")
    captures = written(folder, b"first", b"second" * 50)
    data = first_file(folder).read_bytes()
    ends = [0]
    while ends[-1] < len(data):
        ends.append(next(end for end in range(ends[-1] + 18, len(data) + 1) if whole(data[ends[-1] : end])))
    return data, captures, ends


def whole(data: bytes) -> bool:
    try:
        gzip.decompress(data)
    except (EOFError, OSError):
        return False
    return True


def test_a_file_cut_anywhere_keeps_its_whole_records(tmp_path, small, monkeypatch):
    monkeypatch.setattr(os, "fsync", lambda _: None)  # two thousand times
    data, captures, ends = small
    path = first_file(tmp_path)
    for length in range(len(data) + 1):
        path.write_bytes(data[:length])
        end = max(end for end in ends if end <= length)
        assert repair(path) == length - end
        if end == 0:
            assert not path.exists()
            continue
        assert path.read_bytes() == data[:end]
        if length in (end, end + 1):
            assert len(records(path)) == ends.index(end)
        assert list(index(path)) == [one for one in captures if one.offset < end]


@pytest.mark.parametrize(
    "tail",
    [b"\0" * 5000, b"\0", b"garbage", b"\x1f", b"\x1f\x8b\x08", b"\x1f\x8b" * 3000, gzip.compress(b"no record", mtime=0),
     random(5).randbytes(300_000), b"\n"],
)  # fmt: skip
def test_tails_of_all_kinds_are_cut(tmp_path, small, tail):
    data, captures, ends = small
    path = first_file(tmp_path)
    for torn in (0, 40):
        path.write_bytes(data[: len(data) - torn] + tail)
        kept = len(data) if torn == 0 else ends[-2]
        assert repair(path) == len(data) - torn + len(tail) - kept
        assert path.read_bytes() == data[:kept]
        assert len(records(path)) == len(ends) - (1 if torn == 0 else 2)
        assert list(index(path)) == captures


def test_an_intact_file_is_not_even_opened_for_writing(tmp_path, small):
    path = first_file(tmp_path)
    path.write_bytes(small[0])
    os.utime(path, ns=(1, 1))
    path.chmod(0o444)
    assert repair(path) == 0
    assert path.stat().st_mtime_ns == 1


def test_records_behind_a_damaged_place_are_never_cut(tmp_path, small):
    data, captures, ends = small
    path = first_file(tmp_path)
    for place in range(ends[1], ends[2]):
        if place - ends[1] in range(3, 10):  # time, flags and system of gzip's header
            continue
        broken = bytearray(data)
        broken[place] ^= 0x10
        path.write_bytes(broken)
        with pytest.raises(ArchiveError) as caught:
            repair(path)
        assert (caught.value.problem, caught.value.file, caught.value.offset) == (
            "damaged",
            path.name,
            ends[1],
        )
        assert path.read_bytes() == broken
        assert read(tmp_path, path.name, captures[1].offset) == b"second" * 50


def test_an_archive_inside_a_torn_page_is_no_record(tmp_path, small):
    """A hostile page may hold a whole record that lies in the file byte for byte."""
    inner = small[0][: small[2][1]]
    (capture,) = written(tmp_path, random(6).randbytes(20_000) + inner + random(7).randbytes(60_000))
    path = first_file(tmp_path)
    data = path.read_bytes()
    assert inner in data[capture.offset : capture.offset + 50_000]
    for zeros in (0, 200_000):
        path.write_bytes(data[: capture.offset + 50_000] + bytes(zeros))
        repair(path)
        assert path.stat().st_size == capture.offset


def test_what_is_no_archive_is_not_repaired(tmp_path):
    other = tmp_path / "notes.txt"
    other.write_text("dear")
    with pytest.raises(ArchiveError) as caught:
        repair(other)
    assert caught.value.problem == "name"
    assert other.read_text() == "dear"


def test_an_empty_file_goes_without_a_word(tmp_path):
    first_file(tmp_path).touch()
    assert repair(first_file(tmp_path)) == 0
    assert not first_file(tmp_path).exists()


BOUNDED = """
import resource, sys
from pathlib import Path
from pipelines.archive import ArchiveError, index, read, repair
path = Path(sys.argv[1])
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
repair(path)
list(index(path))
try:
    read(path.parent, path.name, int(sys.argv[2]))
except ArchiveError as error:
    print(error.problem)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def test_a_bomb_is_not_unpacked_into_memory(tmp_path):
    (capture,) = written(tmp_path, bytes(65 << 20))
    command = [sys.executable, "-c", BOUNDED, str(first_file(tmp_path)), str(capture.offset)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)  # noqa: S603 - our own command
    problem, kilobytes = done.stdout.split()
    assert problem == "too_large"
    assert int(kilobytes) < 20_000


# --- reading


@pytest.mark.parametrize(
    "name",
    ["", ".", "..", "../run1-00000.warc.gz", "/etc/passwd", "a/b.warc.gz", "..\\b.warc.gz", "run1.txt",
     ".run1.warc.gz", "run1\0.warc.gz", "run1.warc.gz\n"],
)  # fmt: skip
def test_names_from_outside_never_become_paths(tmp_path, name):
    with pytest.raises(ArchiveError) as caught:
        read(tmp_path, name, 0)
    assert caught.value.problem == "name"


def test_what_is_not_there_is_said(tmp_path, small):
    first_file(tmp_path).write_bytes(small[0])
    (tmp_path / "folder.warc.gz").mkdir()
    for file, offset, problem in (
        ("gone.warc.gz", 7, "missing"),
        ("folder.warc.gz", 0, "missing"),
        ("x" * 300 + ".warc.gz", 0, "missing"),
        (first_file(tmp_path).name, len(small[0]), "truncated"),
        (first_file(tmp_path).name, 1 << 80, "truncated"),
        (first_file(tmp_path).name, -1, "truncated"),
        (first_file(tmp_path).name, 1, "damaged"),
        (first_file(tmp_path).name, 0, "not_a_record"),
    ):
        with pytest.raises(ArchiveError) as caught:
            read(tmp_path, file, offset)
        error = caught.value
        assert (error.problem, error.file, error.offset) == (problem, file, offset)


def test_other_bytes_than_expected_are_refused(tmp_path, small):
    data, captures, _ = small
    first_file(tmp_path).write_bytes(data)
    with pytest.raises(ArchiveError) as caught:
        read(tmp_path, captures[0].file, captures[0].offset, digest=captures[1].digest)
    assert caught.value.problem == "digest"
    assert read(tmp_path, captures[0].file, captures[0].offset, most=5) == b"first"
    with pytest.raises(ArchiveError) as caught:
        read(tmp_path, captures[0].file, captures[0].offset, most=4)
    assert caught.value.problem == "too_large"


LINES = st.lists(
    st.sampled_from(
        [b"WARC/1.1", b"WARC-Type: response", b"WARC-Type: revisit", b"Content-Length: 100", b"Content-Length: -1",
         b"Content-Length: 9" + b"9" * 30, b"Content-Length: x", b"WARC-Target-URI: http://a/", b"WARC-Target-URI: <a b>",
         b"WARC-Target-URI:", b"WARC-Date: 2026-01-01T00:00:00Z", b"WARC-Date: now", b" folded", b"", b"HTTP/1.1 200 OK",
         b"WARC-Payload-Digest: sha256:" + b"0" * 64, b"WARC-Payload-Digest: md5:x", b"no colon", b"\xff: \xfe"]
    ) | st.binary(max_size=20),
    max_size=14,
)  # fmt: skip


@settings(deadline=None, max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lines=LINES, start=st.booleans())
def test_hostile_records_give_archive_errors_only(tmp_path, lines, start):
    path = first_file(tmp_path)
    path.write_bytes(gzip.compress(b"\r\n".join([b"WARC/1.1"] * start + lines) + b"\r\n"))
    with pytest.raises(ArchiveError):
        read(tmp_path, path.name, 0)
    with suppress(ArchiveError):
        list(index(path))


@settings(deadline=None, max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.integers(min_value=0), byte=st.integers(0, 255), cut=st.integers(0, 40))
def test_damaged_files_give_what_was_written_or_archive_errors(tmp_path, small, place, byte, cut):
    data, captures, _ = small
    broken = bytearray(data)
    broken[place % len(broken)] = byte
    path = first_file(tmp_path)
    path.write_bytes(broken[: len(broken) - cut])
    for capture, body in zip(captures, (b"first", b"second" * 50), strict=True):
        try:
            assert read(tmp_path, path.name, capture.offset, digest=capture.digest) == body
        except ArchiveError as error:
            assert error.offset == capture.offset  # noqa: PT017 - both ends are fine
    found = []
    with suppress(ArchiveError):
        found.extend(index(path))
    assert found == captures[: len(found)]


def test_a_head_without_end_is_refused(tmp_path):
    path = first_file(tmp_path)
    for block in (
        b"WARC/1.1\r\nX: " + b"x" * (9 << 20),
        b"WARC/1.1\r\n" + (b"X: " + b"x" * 995 + b"\r\n") * 5000,
    ):
        path.write_bytes(gzip.compress(block, 1))
        with pytest.raises(ArchiveError) as caught:
            read(tmp_path, path.name, 0)
        assert caught.value.problem == "not_a_record"


# --- requests


def test_requests_are_known_again():
    key = request_key("GET", "http://www.a.example/index.html", b"")
    assert len(key) == 16
    assert key == request_key("get", "https://a.example/", b"")
    assert key != request_key("POST", "http://www.a.example/index.html", b"")
    assert key != request_key("GET", "http://www.a.example/index.html", b"page=2")
    assert key != request_key("GET", "http://www.a.example/index.html?page=2", b"")
