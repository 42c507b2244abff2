"""What a job is: what people put in, the options, and the documents that the stages pass on.

May use `shared` only; all other folders of the pipeline use this one.
"""
