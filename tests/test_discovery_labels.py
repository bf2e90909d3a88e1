"""What link texts of real portals promise: bodies, lists of bodies, and what only looks like one."""

from __future__ import annotations

import pytest

from crawler.discovery import promise


@pytest.mark.parametrize(
    "text",
    [
        "新华街道",
        "五里桥街道办事处",
        "岚河经济开发区",
        "城关镇人民政府",
        "国家税务总局岚河市税务局",
        "国家统计局岚河调查队",
        "市大数据局",
        "市督查办",
        "县开发办",
        "区房管局",
        "投资促进局",
        "大局乡",
    ],
)
def test_bodies(text: str) -> None:
    assert promise(text) == "body"


@pytest.mark.parametrize(
    "text",
    [
        "市直各部门",
        "各街道",
        "街道（镇）",
        "乡镇街道",
        "所属街道",
        "各开发区",
        "各县（市、区）人民政府",
        "区县人民政府",
        "部门信息公开目录",
    ],
)
def test_lists_of_bodies(text: str) -> None:
    assert promise(text) == "bodies"


@pytest.mark.parametrize(
    "text",
    [
        "水务局召开防汛工作大会",
        "国家科学技术奖励办法",
        "关于做好2024年防汛工作的部署",
        "国务院文件",
        "中国政府网",
        "网上服务平台",
        "一网通办",
        "12345接诉即办",
        "新闻发布会",
        "实现良好开局",
        "长者专区",
        "魅力兰州",
        "电子邮局",
        "教育局负责人就入学办法答记者问",
    ],
)
def test_what_only_ends_like_a_body(text: str) -> None:
    assert promise(text) is None
