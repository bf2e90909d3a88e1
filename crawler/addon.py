"""The one add-on that puts every component of the project in its place, so that order is said once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pipelines.stages import CheckPipeline, CleanPipeline, DeduplicatePipeline, ExtractPipeline, StorePipeline

if TYPE_CHECKING:
    from scrapy.settings import BaseSettings

STAGES: Final = (CleanPipeline, ExtractPipeline, CheckPipeline, DeduplicatePipeline, StorePipeline)
"""The stages in the order in which an item passes them."""
_STEP: Final = 100


class GongkaiAddon:
    """Installs the item pipelines and the log formatter."""

    def update_settings(self, settings: BaseSettings) -> None:
        """Add our components to whatever a project or a run has set; what is set already stays."""
        for place, stage in enumerate(STAGES, 1):
            settings.setdefault_in_component_priority_dict("ITEM_PIPELINES", stage, place * _STEP)
        settings.set("LOG_FORMATTER", "crawler.logs.AddressLogFormatter", "addon")
