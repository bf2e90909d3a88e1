"""What stands in the place of a page is found, and no page is taken for it."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from crawler.wire.detect import leads_astray, verdict

REAL = Path(__file__).parent.parent.parent / "shared" / "real"
URL = "http://www.lanhe.gov.cn/zwgk/nb/2024.html"
HTML = {"content-type": "text/html"}
NAVIGATION = "".join(f'<a href="/c{number}/">栏目{number}</a>' for number in range(30))


def page(body: str, title: str = "", head: str = "") -> str:
    return f"<!DOCTYPE html><html><head><title>{title}</title>{head}</head><body>{body}</body></html>"


def judged(body: str | bytes, status: int = 200, **headers: str) -> str | None:
    return verdict(status, HTML | headers, body, URL)


@pytest.mark.parametrize(
    ("status", "code"), [(412, "challenge_412"), (521, "challenge_521"), (468, "challenge_468")]
)
def test_statuses_of_challenges(status: int, code: str) -> None:
    assert judged(b"", status) == code
    assert judged(page(NAVIGATION), status) == code


@pytest.mark.parametrize(
    "body",
    [
        "<script>document.cookie='k='+(1|2);location.href=location.pathname</script>",
        "<script>var a=eval(function(p){return p}('x'));window.location.reload()</script>",
        page("<script>var arg1='3A5B';</script><script>/* acw_sc__v2 */ reload('x')</script>"),
        page('<div id="s">正在进行安全检测，请稍候……</div><script src="/waf.js"></script>'),
        page("请开启JavaScript并刷新该页<script>setTimeout(go, 1)</script>"),
        page(
            "",
            head="<script r='m'>$_ts=window['$_ts'];$_ts.cd='q';</script><script src='/a.js' r='m'></script>",
        ),
        page("", head='<script>var wzwschallenge="RANDOM123";</script>'),
    ],
)
@pytest.mark.parametrize("status", [200, 202, 403, 503])
def test_scripts_in_the_place_of_a_page(body: str, status: int) -> None:
    assert judged(body, status) == "challenge_js"
    assert judged(body.encode("gb18030"), status) == "challenge_js"


@pytest.mark.parametrize(
    ("code", "body"),
    [
        ("captcha", page('请输入验证码继续访问 <img src="/code"><input name="c">', "访问验证")),
        ("captcha", page("<div id='c'></div><script src='//x/TencentCaptcha.js'></script>")),
        (
            "login",
            page(
                '<form>用户名<input name="u"> 密码 <input type="PASSWORD" name="p"> 验证码<input></form>',
                "统一登录",
            ),
        ),
        ("waiting_room", page("当前访问人数过多，正在排队，请稍候", "请等待")),
        ("forbidden", page("您的访问请求可能对网站造成威胁，已被管理员设置拦截")),
        ("maintenance", page("<h1>系统维护中</h1>", "岚河市人民政府")),
        ("maintenance", page("本网站正在进行升级改造，给您带来不便敬请谅解。")),
        ("maintenance", page("", "网站维护中")),
        ("maintenance", page("因平台迁移，网站暂停服务，恢复时间另行通知。")),
        ("soft_404", page("抱歉，您访问的页面不存在或已被删除！<a href='/'>返回首页</a>")),
        ("soft_404", page(NAVIGATION, "404 Not Found")),
        ("soft_404", page(NAVIGATION, "404-岚河市人民政府")),
        ("soft_404", page("<h1>404</h1>")),
        ("soft_404", page("找不到您要的网页")),
        ("soft_404", "<html><script>alert('该文章不存在');history.back();</script></html>"),
    ],
)
def test_messages_in_the_place_of_a_page(code: str, body: str) -> None:
    assert judged(body) == code
    assert judged(body.encode("gb18030")) == code


def test_maintenance_may_come_as_503_and_a_404_is_plain() -> None:
    assert judged(page("系统维护中，请稍后访问"), 503) == "maintenance"
    assert judged(page("503 Service Temporarily Unavailable"), 503) is None
    assert judged(page("页面不存在"), 404) is None


@pytest.mark.parametrize(
    "body",
    [
        page(NAVIGATION + "系统维护中 请输入验证码 页面不存在 404 <input type='password'>", "岚河市人民政府"),
        page(
            "<p>" + "政务公开平台建设中坚持公开为常态，做好网站维护，对已删除的页面及时整改。" * 12 + "</p>",
            "年报",
        ),
        page(
            "<h1>关于系统维护的通知</h1>网站暂停服务",
            "通知",
            '<meta name="ArticleTitle" content="关于系统维护的通知">',
        ),
        page("关于网站建设情况的说明：平台建设中存在的问题已整改。", "说明"),
        page("岚政发〔2024〕404号", "岚政发〔2024〕404号"),
        page("申请公开的信息不存在，已书面告知。", "政府信息不存在答复书"),
        page("暂无数据", "政府信息公开年报"),
        page(
            "<div id='app'></div><noscript>请启用 JavaScript</noscript><script src='/js/app.js'></script>",
            "岚河市",
        ),
        "<script>window.location.href='/index.html'</script>",
        page("<script>location.replace('/web/home.html')</script>"),
        page("", head='<meta http-equiv="refresh" content="0;url=/index.html">'),
        "<li>没有找到您要的内容</li>",
        '<?xml version="1.0"?><datastore><totalrecord>404</totalrecord></datastore>',
        '{"code": 404, "message": "页面不存在"}',
        "",
    ],
)
def test_pages_are_pages(body: str) -> None:
    assert judged(body) is None
    assert judged(body.encode("gb18030")) is None


@pytest.mark.parametrize(
    ("asked", "final", "astray"),
    [
        ("http://a.gov.cn/zwgk/1.html", "http://a.gov.cn/404.html", True),
        ("http://a.gov.cn/zwgk/1.html", "http://a.gov.cn/common/error.jsp?c=1", True),
        ("http://a.gov.cn/zwgk/1.html", "http://a.gov.cn/", True),
        ("http://a.gov.cn/list?id=3", "https://www.a.gov.cn/index.html", True),
        ("http://old.a.gov.cn/zwgk/1.html", "http://www.a.gov.cn/", True),
        ("http://www.a.gov.cn/zwgk/xxgk/", "http://xxgk.a.gov.cn/", False),
        ("http://a.gov.cn/", "https://www.a.gov.cn/index.html", False),
        ("http://a.gov.cn/index.html", "http://a.gov.cn/", False),
        ("http://a.gov.cn/web/index.html", "http://a.gov.cn/", False),
        ("http://a.gov.cn/zwgk", "http://a.gov.cn/zwgk/index.html", False),
        ("http://a.gov.cn/zwgk/1.html", "https://www.a.gov.cn/zwgk/1.html", False),
        ("http://a.gov.cn/zwgk/404.html", "http://a.gov.cn/zwgk/404.html", False),
    ],
)
def test_redirects_away_from_a_page(asked: str, final: str, *, astray: bool) -> None:
    home = "http://www.a.gov.cn/"
    assert leads_astray(asked, final, home) is astray
    assert (verdict(200, HTML, page(NAVIGATION), final, asked=asked, home=home) == "soft_404") is astray


@pytest.mark.skipif(not REAL.is_dir(), reason="real pages are not here")
def test_real_pages_and_real_challenges() -> None:
    for path in sorted(REAL.glob("portal-pages/**/*.*")) + sorted(REAL.glob("reports/*.html")):
        if path.is_file():
            expected = "challenge_js" if "challenges" in path.parts and path.suffix == ".html" else None
            assert judged(path.read_bytes()) == expected, path.name


@pytest.mark.parametrize(
    "piece", ["<div>", "<script>", "<a href=x>", "<!--", "正在", "网站", "404 ", "<meta name=", "维护中"]
)
def test_hostile_pages_cost_little(piece: str) -> None:
    body = "<html>" + piece * (130_000 // len(piece))
    started = time.process_time()
    judged(body)
    assert time.process_time() - started < 1.0
