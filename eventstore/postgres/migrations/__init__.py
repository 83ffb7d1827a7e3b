"""The event store's schema: numbered, forward-only files, applied in order by `eventstore.postgres.migrate`."""
