"""Commands that ``scrapy`` learns from this project."""
