"""Reading the log on and on, from any position, in order: from JetStream when near its end, else from the store."""

from eventstore.errors import LogWentBack
from eventstore.subscription.hybrid import HybridSubscription, Subscription
from eventstore.subscription.limits import SubscriptionLimits
from eventstore.subscription.polling import PollingSubscription

__all__ = ["HybridSubscription", "LogWentBack", "PollingSubscription", "Subscription", "SubscriptionLimits"]
