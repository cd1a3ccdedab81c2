"""An engine that waits while its pager ends, and prints why it goes on.

    python3 waiting_engine.py EXAMPLES WORKER pause|room close|kill PID
"""

import hashlib
import os
import signal
import sys
import threading

examples, address, where, end, pid = sys.argv[1:]
sys.path.insert(0, examples)

from pager import CAPTURING, SAVES_FILLED, WANTED, Ended, Pager, Worker

META = {
    "model": hashlib.sha256(b"a model").hexdigest(),
    "page": {"tokens": 4, "layers": 2, "kvHeads": 2, "headDim": 4, "elements": "F32", "order": "NHD", "keysAndValues": "SEPARATE"},
    "states": [],
}
engine = Pager(Worker(address), "waiting", META, 4)


def end_pager():
    if where == "pause":
        engine.worker.send("POST", engine.path + "/quiesce", {"within": "PT1M"})
    else:
        while engine.word(WANTED)[0] == 0:
            pass
    if end == "close":
        engine.close()
    else:
        os.kill(int(pid), signal.SIGKILL)


if where == "room":
    # As in a capture that has not read page 0, after the engine has filled all save slots.
    engine.word(CAPTURING)[0] = 99
    engine.word(SAVES_FILLED)[0] = engine.saves
threading.Thread(target=end_pager).start()
try:
    while True:
        if where == "pause":
            engine.between_steps()
        else:
            engine.before_write(0)
except Ended as e:
    print(e)
