from tests.support.api import finish, platform, record, spring, store
from tests.support.browser import browser, page

__all__ = ["browser", "finish", "page", "platform", "record", "spring", "store"]
