"""The tour: one booking over HTTP from the hold to a refund, and the events it caused."""
