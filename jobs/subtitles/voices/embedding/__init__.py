"""What a voice is like, as a vector: similar for the same person, whatever is said.

`tensors` reads a checkpoint without torch, `mel` is the front end and `encoder` the network of Resemblyzer
(GE2E; Wan et al., 2018); `timbre` is what remains without its weights.
"""
