"""What can be asked: assets, runs, events, metrics. The routes of one pipeline are in its own folder."""
