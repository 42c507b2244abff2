"""A finished film's cut, for programs and editors: its shots, its captions, and when its words are heard.

A pipeline says in its `pipeline.yaml` how its cut is read: `timeline` or `cut`.
"""
