"""Creations that were posted and whose run has yet to be asked for, since a job beside the stages works on
them first: the record of that work, starting the job, and what to do if it dies.

May use `runs` and all that is below it.
"""
