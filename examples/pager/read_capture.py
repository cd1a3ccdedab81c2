"""Reads a captured pager by the rules of safetensors alone, with no code of Spillway.

    python3 read_capture.py DIRECTORY

DIRECTORY is the path of the image, as `spillway get NAMESPACE KEY` prints it.
"""

import json
import pathlib
import struct
import sys

import numpy as np

TYPES = {"F32": "<f4", "F16": "<f2", "BF16": "<u2", "F8_E4M3": "u1"}


def tensors(path):
    """Returns the tensors of a file of safetensors by their names."""
    data = np.memmap(path, dtype=np.uint8, mode="r")
    (length,) = struct.unpack("<Q", bytes(data[:8]))
    header = json.loads(bytes(data[8 : 8 + length]))
    begin = 8 + length
    found, end = {}, 0
    for name, tensor in header.items():
        if name == "__metadata__":
            continue
        first, last = tensor["data_offsets"]
        if first != end:
            raise ValueError(f"{path}: tensor {name} begins at {first} (expected: {end}, without a hole)")
        end = last
        found[name] = data[begin + first : begin + last].view(TYPES[tensor["dtype"]]).reshape(tensor["shape"])
    if begin + end != len(data):
        raise ValueError(f"{path}: {len(data)} bytes (expected: {begin + end})")
    return found


def main(directory):
    manifest = json.loads((directory / "manifest.json").read_text(encoding="utf-8"))
    packs = [tensors(directory / name) for name in manifest["packs"]]
    for sequence in manifest["sequences"]:
        pages = [manifest["pages"][number] for number in sequence["pages"]]
        values = [packs[page["pack"]][str(page["at"])] for page in pages]
        shape = values[0].shape if values else ()
        print(f"{sequence['id']}: {len(values)} pages of {shape}, {sequence['lastPageTokens'] or 'all'} tokens in the last, "
              f"sum {sum(int(value.view(np.uint8).astype(np.uint64).sum()) for value in values)}")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(pathlib.Path(sys.argv[1]))
