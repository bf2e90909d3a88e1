"""Settings of the Scrapy project: one reason per line.

Anything may be overridden per run (``-s NAME=VALUE``); which components run is decided by the add-on.
"""

BOT_NAME = "gongkai"
SPIDER_MODULES: list[str] = []  # spiders of portals come with the crawler's own release
COMMANDS_MODULE = "crawler.commands"  # scrapy extract, scrapy schema
ADDONS = {"crawler.addon.GongkaiAddon": 500}  # puts all our components in order

# --- manners: public offices run small servers
USER_AGENT = "gongkai/0.1 (Scrapy; research on government information disclosure reports)"  # says who asks
ROBOTSTXT_OBEY = True  # Scrapy's default is False
CONCURRENT_REQUESTS_PER_DOMAIN = 1  # never two requests at once to one office
DOWNLOAD_DELAY = 2.0  # seconds between two requests to one host
DOWNLOAD_DELAY_JITTER = 0.5  # ±50 %, so that requests don't march in step
AUTOTHROTTLE_ENABLED = True  # slows down further when a server slows down; never below DOWNLOAD_DELAY
CONCURRENT_REQUESTS = 100  # many hosts at once, each one politely
DEFAULT_REQUEST_HEADERS = {
    "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "Accept-Language": "zh-CN,zh;q=0.9",  # some portals answer "en" with another site
}
COOKIES_ENABLED = False  # public pages need no session

# --- safety: addresses on a page are written by strangers
TELNETCONSOLE_ENABLED = False  # a shell into the process
REMOTE_CONTROL_ENABLED = False  # local code execution, on by default since 2.19
DOWNLOAD_HANDLERS = {"file": None, "ftp": None, "s3": None, "data": None}  # http and https only
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

# --- output
GONGKAI_STORE = "data/reports.jsonl"  # replaced when a crawl has finished
GONGKAI_ALL = False  # True also stores what is not a report
FEED_EXPORT_ENCODING = "utf-8"  # feeds of -o would be \\u-escaped otherwise
LOG_LEVEL = "INFO"  # one line per request is for debugging
