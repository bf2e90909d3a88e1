"""Settings of the Scrapy project: one reason per line.

Anything may be overridden per run (``-s NAME=VALUE``); which components run is decided by the add-on.
"""

BOT_NAME = "gongkai"
SPIDER_MODULES = ["crawler.spiders"]  # one spider per province, and one for any portal
COMMANDS_MODULE = "crawler.commands"  # crawl (with ledger and exit code), extract, portals, schema
ADDONS = {"crawler.addon.GongkaiAddon": 500}  # puts all our components in order

# --- manners: public offices run small servers
USER_AGENT = "gongkai/0.1 (Scrapy; research on government information disclosure reports)"  # says who asks
ROBOTSTXT_OBEY = True  # Scrapy's default is False
CONCURRENT_REQUESTS_PER_DOMAIN = 1  # never two requests at once to one office
DOWNLOAD_DELAY = 2.0  # seconds between two requests to one host
DOWNLOAD_DELAY_JITTER = 0.5  # ±50 %, so that requests don't march in step
AUTOTHROTTLE_START_DELAY = DOWNLOAD_DELAY  # Scrapy's own begins with 5 s for every host
AUTOTHROTTLE_ENABLED = True  # slows down further when a server slows down; never below DOWNLOAD_DELAY
CONCURRENT_REQUESTS = 100  # many hosts at once, each one politely
CONCURRENT_ITEMS = (
    1  # the default of 100 starts as many tasks for every answer; ours is work for one processor
)
DEFAULT_REQUEST_HEADERS = {
    "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "Accept-Language": "zh-CN,zh;q=0.9",  # some portals answer "en" with another site
}
COOKIES_ENABLED = True  # some gates only want their cookie kept; one jar per portal
WARN_ON_GENERATOR_RETURN_VALUE = (
    False  # it reads our source files for every answer: an update would end a night's crawl
)
DUPEFILTER_CLASS = "scrapy.dupefilters.BaseDupeFilter"  # every visit knows what it asked

# --- how far one portal may lead us
GONGKAI_PORTALS_AT_ONCE = 150  # what one processor serves at 2 s; more wait their turn
GONGKAI_PORTAL_REQUESTS = 6_000  # pages asked of one portal; what is left is said in the ledger
GONGKAI_PORTAL_HUBS = 1_000  # of these, pages asked only to find report columns

# --- safety: addresses on a page are written by strangers
TELNETCONSOLE_ENABLED = False  # a shell into the process
REMOTE_CONTROL_ENABLED = False  # local code execution, on by default since 2.19
DOWNLOAD_HANDLERS = {  # http and https only
    "https": "crawler.wire.tls.PortalTlsHandler",  # old TLS for portals whose registry row says so
    "file": None,
    "ftp": None,
    "s3": None,
    "data": None,
}
TWISTED_DNS_RESOLVER = "crawler.wire.resolver.PublicResolver"  # no names that lead to private addresses
GONGKAI_LOOPBACK = False  # True: addresses of this machine may be asked (demo, tests)
DOWNLOAD_MAXSIZE = 32 * 1024 * 1024  # a report page has 0.1 MB; the default is 1 GB
DOWNLOAD_WARNSIZE = 8 * 1024 * 1024  # worth a look
REDIRECT_MAX_TIMES = 5  # more is a loop or a trap

# --- time: dead hosts are many
DOWNLOAD_TIMEOUT = 60  # seconds; the default of 180 holds a slot for nothing
DNS_TIMEOUT = 15  # seconds; a dead name holds a thread
DNSCACHE_SIZE = 20_000  # more hosts than the default cache of 10,000
REACTOR_THREADPOOL_MAXSIZE = 30  # name look-ups run in threads
RETRY_TIMES = 2  # then the next run tries again
RETRY_HTTP_CODES = [500, 502, 503, 504, 522, 524, 408]  # not 429: who says "too many" is left alone

RETRY_GIVE_UP_LOG_LEVEL = "INFO"  # the outcome of the portal says it
GONGKAI_RETRY_DELAY = 5.0  # seconds before the first retry, doubled each time; the whole host rests
GONGKAI_RETRY_AFTER_MAX = 300  # seconds; who wants a longer pause is left until the next run
GONGKAI_CRAWL_DELAY_MAX = 60  # seconds; who wants a longer Crawl-delay wants no crawler
GONGKAI_GIVE_UP_AFTER = 6  # addresses in a row that a host did not answer; later ones fail at once
GONGKAI_GIVE_UP_SECONDS = 180  # … and for so long, before it is left alone

# --- output
GONGKAI_DATA = (
    "data"  # store, archive, runs/<id>/ with what one crawl found, latest/ with what is good of all
)
GONGKAI_STORE = (
    None  # the store: a SQLite file or the URL of a PostgreSQL database; None: store.db in GONGKAI_DATA
)
GONGKAI_FULL_DAYS = 30  # days after which every page of a portal is looked at again, whatever its lists say
GONGKAI_ALL = False  # True also hands what is not a report to feeds
FEED_EXPORT_ENCODING = "utf-8"  # feeds of -o would be \\u-escaped otherwise
FEED_EXPORTERS = {  # the contract, not Python's names of its keys
    "jsonlines": "crawler.feeds.LinesExporter",
    "jsonl": "crawler.feeds.LinesExporter",
    "jl": "crawler.feeds.LinesExporter",
    "json": "crawler.feeds.JsonExporter",
    "csv": "crawler.feeds.CsvExporter",
}
LOG_LEVEL = "INFO"  # one line per request is for debugging
