"""The server's edge: what one connection and one client may cost, judged before there is a request."""
