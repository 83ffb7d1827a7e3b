"""Subscriptions: the log in order from any position, read from JetStream near its end and from the store otherwise."""

from eventstore.errors import LogRestored
from eventstore.subscription.hybrid import HybridSubscription, Subscription
from eventstore.subscription.limits import SubscriptionLimits
from eventstore.subscription.polling import PollingSubscription

__all__ = ["HybridSubscription", "LogRestored", "PollingSubscription", "Subscription", "SubscriptionLimits"]
