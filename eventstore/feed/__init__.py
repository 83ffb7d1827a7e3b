"""Reading the log on and on, from any position, in order: from JetStream when near its end, else from the store."""

from eventstore.errors import LogWentBack
from eventstore.feed.feed import EventFeed, Feed
from eventstore.feed.limits import FeedLimits
from eventstore.feed.polled import PolledFeed

__all__ = ["EventFeed", "Feed", "FeedLimits", "LogWentBack", "PolledFeed"]
