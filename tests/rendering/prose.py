"""Sentences around the tables: written for the tests, with figures that belong to no body."""

from __future__ import annotations

from typing import Final

HEADS: Final = (
    "一、总体情况",
    "二、主动公开政府信息情况",
    "三、收到和处理政府信息公开申请情况",
    "四、政府信息公开行政复议、行政诉讼情况",
    "五、存在的主要问题及改进情况",
    "六、其他需要报告的事项",
)

NAV: Final = (
    '<div class="top"><ul><li><a href="/">首页</a></li><li><a href="/zwgk/">政务公开</a></li>'
    '<li><a href="/hd/">互动交流</a></li></ul></div><div class="path">当前位置：<a href="/">首页</a> &gt; '
    '<a href="/zfxxgk/nb/">政府信息公开年报</a></div>'
)
FOOT: Final = (
    '<div class="related"><h3>相关链接</h3><ul><li><a href="a1.html">2018年政府信息公开工作年度报告</a></li>'
    '<li><a href="a2.html">2017年政府信息公开工作年度报告</a></li></ul></div>'
    '<div class="footer"><table><tr><td>主办单位：示例</td><td>网站标识码：1400000000</td></tr></table>'
    "<p>建议使用1024×768分辨率浏览</p></div>"
)


def opening(agency: str, year: int) -> list[str]:
    """The preamble and section 1."""
    return [
        (
            f"按照《中华人民共和国政府信息公开条例》第五十条的规定，现公布{agency}{year}年度政府信息公开工作情况。"
            f"所列数据的统计期限为{year}年1月1日至{year}年12月31日。联系电话：0000-1234567。"
        ),
        HEADS[0],
        (
            f"{year}年，本单位通过门户网站发布各类信息1024条，其中动态类800条、公告类224条，"
            "公众号推送文章365篇。全年组织业务培训2次，参加人员60余人次。"
        ),
        "机构改革后，本单位重新编制了公开目录，并逐项明确了责任科室和更新时限。",
    ]


def closing(year: int) -> list[str]:
    """Sections 5 and 6."""
    return [
        HEADS[4],
        f"{year}年的工作还有差距：部分栏目更新慢，解读形式单一。下一年将按月检查栏目，多用图表说明政策。",
        HEADS[5],
        "本年度没有发出收费通知，没有收取信息处理费。",
    ]


def metadata(agency: str, title: str, year: int) -> list[tuple[str, str]]:
    """Labels of the block above a page, in printed order."""
    return [
        ("索引号", f"000014349/{year + 1}-00017"),
        ("信息分类", "政府信息公开年报"),
        ("发布机构", agency),
        ("发布日期", f"{year + 1}-01-20 10:30"),
        ("标题", title),
        ("文号", ""),
    ]


def sentence(year: int) -> str:
    """A sentence that stands where a table should."""
    return f"{year}年，本单位未制发规章和规范性文件，未收到政府信息公开申请，未发生行政复议和行政诉讼。"
