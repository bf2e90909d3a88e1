"""The one add-on that puts every component of the project in its place, so that order is said once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from scrapy.utils.misc import load_object

from crawler import wire
from crawler.runs import RunExtension
from pipelines.stages import (
    CheckPipeline,
    CleanPipeline,
    ExtractPipeline,
    StorePipeline,
    WindowPipeline,
)

if TYPE_CHECKING:
    from scrapy.settings import BaseSettings

STAGES: Final = (
    CleanPipeline,
    ExtractPipeline,
    CheckPipeline,
    WindowPipeline,
    StorePipeline,
)
"""The stages in the order in which an item passes them."""
_STEP: Final = 100


class GongkaiAddon:
    """Installs the behaviour on the wire, the item pipelines, the folder of the run and the log formatter."""

    def update_settings(self, settings: BaseSettings) -> None:
        """Add our components to whatever a project or a run has set; what is set already stays."""
        for place, stage in enumerate(STAGES, 1):
            settings.setdefault_in_component_priority_dict("ITEM_PIPELINES", stage, place * _STEP)
        for middleware, place in wire.MIDDLEWARES.items():
            settings.setdefault_in_component_priority_dict(
                "DOWNLOADER_MIDDLEWARES", load_object(middleware), place
            )
        for middleware in wire.REPLACED:
            settings["DOWNLOADER_MIDDLEWARES"].set(middleware, None, "addon")
        settings.setdefault_in_component_priority_dict("EXTENSIONS", RunExtension, _STEP)
        settings.set("LOG_FORMATTER", "crawler.logs.AddressLogFormatter", "addon")
