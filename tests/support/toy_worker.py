"""A worker for tests, which follows commands: `python -m tests.support.toy_worker <idle_s>`."""

import json
import os
import signal
import sys


def main() -> None:
    for line in sys.stdin:
        asked = json.loads(line)
        if asked["do"] == "hang":
            signal.setitimer(signal.ITIMER_REAL, asked.get("deadline_s", 0))
            say(json.dumps({"pid": os.getpid()}) + "\n")
            signal.pause()
        if asked["do"] == "crash":
            os.kill(os.getpid(), signal.SIGSEGV)
        if asked["do"] == "fail":
            sys.exit("no such thing")
        say(json.dumps({"pid": os.getpid()}) + "\npixels")
        if asked["do"] == "leave":
            return


def say(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


if __name__ == "__main__":
    main()
