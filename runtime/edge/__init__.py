"""The server's edge: limits of one connection and one client, enforced before a request reaches the application."""
