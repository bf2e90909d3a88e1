"""The Scrapy project: settings, spiders, and the command line."""
