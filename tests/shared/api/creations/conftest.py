from tests.support.api import client, finish, platform, record, spring, store, trigger

__all__ = ["client", "finish", "platform", "record", "spring", "store", "trigger"]
