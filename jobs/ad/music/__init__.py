"""Music composed for an ad: moods, the instruments that play them, and the desk that mixes them."""
