"""Who may come in: addresses, tokens, connections, the access log."""
