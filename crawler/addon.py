"""The one add-on that puts every component of the project in its place, so that order is said once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from scrapy.settings import BaseSettings

STAGES: Final = ("CleanPipeline", "ExtractPipeline", "CheckPipeline", "DeduplicatePipeline", "StorePipeline")
"""The stages of ``pipelines.stages`` in the order in which an item passes them."""
_FIRST: Final = 100
_STEP: Final = 100


class GongkaiAddon:
    """Installs the item pipelines and the log formatter."""

    def update_settings(self, settings: BaseSettings) -> None:
        """Add our components to whatever the project has, with the priority of an add-on."""
        stages = {f"pipelines.stages.{stage}": _FIRST + _STEP * place for place, stage in enumerate(STAGES)}
        settings.set("ITEM_PIPELINES", {**settings.getdict("ITEM_PIPELINES"), **stages}, "addon")
        settings.set("LOG_FORMATTER", "crawler.logs.AddressLogFormatter", "addon")
