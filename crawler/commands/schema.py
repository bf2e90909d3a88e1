"""``scrapy schema``: the JSON Schema of the record, for everybody who reads our output."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError

from pipelines.record import json_schema

if TYPE_CHECKING:
    from argparse import Namespace


class Command(ScrapyCommand):
    """Print the contract."""

    requires_crawler_process = False

    def short_desc(self) -> str:
        """One line for the list of commands."""
        return "Print the JSON Schema of the report record"

    def run(self, args: list[str], opts: Namespace) -> None:  # noqa: ARG002 - the interface of Scrapy
        """Print it as UTF-8."""
        if args:
            raise UsageError(f"schema takes no argument, not {args[0]}", print_help=False)
        sys.stdout.buffer.write(json.dumps(json_schema(), ensure_ascii=False, indent=2).encode() + b"\n")
