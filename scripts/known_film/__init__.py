"""Films of which every word, its time and its speaker are known, and how close a transcript comes to them.

May use `scripts.sample`, what speaks, and the pipeline whose results are compared.
"""
