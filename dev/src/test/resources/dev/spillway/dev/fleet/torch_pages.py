"""Sees the pages of a pager in place by torch, beside numpy. Arguments: the folder of pager.py, a worker's address."""

import hashlib
import sys

import torch

sys.path.insert(0, sys.argv[1])
from pager import Pager, Worker  # noqa: E402

META = {
    "model": hashlib.sha256(b"weights").hexdigest(),
    "page": {"tokens": 16, "layers": 2, "kvHeads": 2, "headDim": 32, "elements": "F16", "order": "NHD", "keysAndValues": "SEPARATE"},
    "states": [],
}

engine = Pager(Worker(sys.argv[2]), "torch", META, 8)
try:
    pages = torch.frombuffer(engine.map, dtype=torch.float16, count=engine.pages.size, offset=engine.data_at).reshape(engine.pages.shape)
    first, second = engine.allocate(2)
    engine.before_write(first)
    pages[first] = 1.5
    engine.before_write(second)
    engine.pages[second] = -2
    assert (engine.pages[first] == 1.5).all(), "numpy sees what torch wrote"
    assert (pages[second] == -2).all(), "torch sees what numpy wrote"
    assert pages.data_ptr() == engine.pages.ctypes.data, "in place"
    print("torch sees", tuple(pages.shape))
finally:
    engine.close()
