"""Access: addresses, tokens, connections, the access log."""
