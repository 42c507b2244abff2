"""The routes: assets, runs, events, metrics. A pipeline's own routes are in its folder."""
