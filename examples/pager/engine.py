"""An engine that goes on writing pages while its pager is captured, and another engine that restores the capture.

    python3 engine.py WORKER NAMESPACE [OTHER_WORKER]

WORKER is the address of a worker on this host, such as 127.0.0.1:7081. If OTHER_WORKER is given, also on this host, the snapshot is restored there.
"""

import hashlib
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from pager import Pager, Worker

PAGES = 200
META = {
    # A fingerprint of the weights. Whoever has other weights must have another one.
    "model": hashlib.sha256(b"the weights of this example").hexdigest(),
    "page": {"tokens": 16, "layers": 4, "kvHeads": 2, "headDim": 32, "elements": "F16", "order": "NHD", "keysAndValues": "SEPARATE"},
    "states": [],
}


def main(address, namespace, other):
    engine = Pager(Worker(address), "example-engine", META, PAGES)
    try:
        random = np.random.default_rng(1)
        pages = engine.allocate(PAGES)
        for page in pages:
            engine.before_write(page)
            engine.pages[page] = random.standard_normal(engine.pages.shape[1:])
        engine.install("conversation", pages, 5)
        captured, expected, steps = capture_while_writing(engine, namespace, random, pages)
        print(f"captured {captured['pages']} pages in {captured['pagesWritten']} new ones; paused {captured['pause']}; "
              f"{steps} pages were written meanwhile")
        restore(other, namespace, expected)
    finally:
        engine.close()


def capture_while_writing(engine, namespace, random, pages):
    """Captures on another thread, while this thread takes its steps. Returns the contents of the pages at the pause, too."""
    expected, steps = [], 0
    with ThreadPoolExecutor() as threads:
        answer = threads.submit(engine.capture, namespace, "example")
        while not answer.done():
            engine.between_steps(lambda: expected.append(engine.pages[pages].copy()))
            if expected:
                page = pages[steps % len(pages)]
                engine.before_write(page)
                engine.pages[page] = random.standard_normal(engine.pages.shape[1:])
                steps += 1
    return answer.result(), expected[0], steps


def restore(address, namespace, expected):
    engine = Pager(Worker(address), "example-restored", META, PAGES + 10)
    try:
        engine.allocate(3)
        restored = restore_between_steps(engine, namespace)
        pages = restored["sequences"][0]["pages"]
        if not np.array_equal(engine.pages[pages].view(np.uint16), expected.view(np.uint16)):
            sys.exit("the restored pages differ from those at the pause")
        print(f"restored {len(pages)} pages, bit for bit those at the pause, at other places: {pages[:4]} ...")
    finally:
        engine.close()


def restore_between_steps(engine, namespace):
    with ThreadPoolExecutor() as threads:
        answer = threads.submit(engine.restore, namespace, "example")
        while not answer.done():
            engine.between_steps()
    return answer.result()


if __name__ == "__main__":
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2], sys.argv[-1] if len(sys.argv) == 4 else sys.argv[1])
