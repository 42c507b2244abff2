"""The message that asks for a talk's video, and how it gets from the job that composes to the one that
renders, exactly once: the request, the message's schema, the outbox, the inbox, Kafka behind both, and what
the run takes from the message.

May use `jobs/presenter/deck/`, `jobs/presenter/talk.py` and `shared/`; confluent_kafka has its only home
here.
"""
