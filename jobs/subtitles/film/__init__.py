"""The film as a file: what is in it, its sound and its cuts, and the film that is made of it.

May use `job`; the other folders of the pipeline don't use this one.
"""
