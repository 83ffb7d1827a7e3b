"""Reading the log on and on, from any position, in order: from JetStream when near its end, else from the store."""

from eventstore.errors import LogWentBack
from eventstore.feed.feed import HybridSubscription, Subscription
from eventstore.feed.limits import SubscriptionLimits
from eventstore.feed.polled import PollingSubscription

__all__ = ["HybridSubscription", "LogWentBack", "PollingSubscription", "Subscription", "SubscriptionLimits"]
