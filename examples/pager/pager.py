"""Maps a KV pager of a Spillway worker. Needs the standard library and numpy alone; docs/pager.md describes the file."""

import fcntl
import http.client
import json
import struct
import time
import urllib.parse

import numpy as np

TYPES = {"F32": np.dtype("<f4"), "F16": np.dtype("<f2"), "BF16": np.dtype("<u2"), "F8_E4M3": np.dtype("u1")}
RECORD = np.dtype([("copied", "<u8"), ("written", "<u8"), ("saved", "<u4"), ("checked", "<u4"), ("check", "<u4", 4), ("reserved", "<u4"), ("rest", "V20")])
EPOCH, CAPTURING, PAUSE_ASKED, PAUSE_TAKEN, PAUSE_ENDED, ENGINE, SAVES_FILLED, WANTED, CLOSED = range(256, 256 + 9 * 64, 64)


class Refused(Exception):
    """A worker refused a request, with the reason."""


class Ended(Exception):
    """The pager is closed, or its worker has ended. Later writes are lost."""


class Worker:
    """Sends requests to a worker."""

    def __init__(self, address):
        self.address = address

    def send(self, method, path, body=None):
        connection = http.client.HTTPConnection(self.address)
        data = None if body is None else json.dumps(body)
        connection.request(method, path, data, {"Content-Type": "application/json"} if data else {})
        response = connection.getresponse()
        answer = response.read()
        connection.close()
        if response.status >= 300:
            raise Refused(f"{method} {path}: {response.status} {answer.decode()}")
        return json.loads(answer) if answer else None


class Pager:
    """A pager in a file. The engine that uses it calls between_steps() between its steps, and before_write() before it changes a page."""

    def __init__(self, worker, name, meta, pages):
        self.worker = worker
        self.path = "/v1/pagers/" + urllib.parse.quote(name)
        made = worker.send("POST", "/v1/pagers", {"name": name, "meta": meta, "pages": pages, "file": True})
        self.file = open(made["path"], "r+b")
        self.map = np.memmap(self.file, dtype=np.uint8, mode="r+")
        header = bytes(self.map[:160])
        if header[:8] != b"SPLWYKV1" or struct.unpack_from("<I", header, 8) != (1,):
            raise ValueError(f"{made['path']}: no pager of version 1")
        count, page_bytes, at, length, records, _, self.saves_at, self.saves, self.save_bytes, _ = struct.unpack_from("<10Q", header, 16)
        if header[96:128].hex() != meta["model"] or header[128:160].hex() != made["layout"]:
            raise ValueError(f"{made['path']}: of another model or layout")
        described = json.loads(bytes(self.map[at : at + length]))
        tensor = described["pages"]
        self.page_bytes = page_bytes
        self.pages = np.ndarray(tensor["shape"], TYPES[tensor["dtype"]], self.map, tensor["offset"])
        self.data_at = tensor["offset"]
        self.records = np.ndarray(count, RECORD, self.map, records)
        self.word(ENGINE)[0] = 1

    def word(self, offset):
        return np.ndarray(1, "<u8", self.map, offset)

    def between_steps(self, when_paused=None):
        """Takes a pause if the worker asks for one, and returns when the pause has ended. No page may change meanwhile."""
        self._require_open()
        if self.word(ENGINE)[0] == 0:
            raise Refused(f"{self.path}: was taken from this engine, which did not take a pause in time")
        asked = self.word(PAUSE_ASKED)[0]
        if self.word(PAUSE_TAKEN)[0] == asked:
            return
        self.word(PAUSE_TAKEN)[0] = asked
        while self.word(PAUSE_ENDED)[0] < asked:
            self._require_worker()
        self._require_open()
        if when_paused:
            when_paused()

    def _require_open(self):
        if self.word(CLOSED)[0] == 1:
            raise Ended(f"{self.path}: is closed")

    def _require_worker(self):
        """Raises if the process of the worker has ended, which is so if no process has the lock of the file."""
        try:
            fcntl.lockf(self.file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except (BlockingIOError, PermissionError):
            return
        fcntl.lockf(self.file, fcntl.LOCK_UN)
        self._require_open()
        raise Ended(f"{self.path}: its worker has ended")

    def before_write(self, page):
        """Saves the old content of a page for a capture that has not read it. Raises if a restore fills the page."""
        record = self.records[page : page + 1]
        if record["reserved"][0] == 1:
            raise Refused(f"{self.path}: page {page} is reserved by a restore")
        epoch = self.word(CAPTURING)[0]
        if epoch and record["copied"][0] != epoch:
            self._save(page, record, epoch)
        record["checked"] = 0
        record["written"] = self.word(EPOCH)[0]

    def _save(self, page, record, epoch):
        slot = int(self.word(SAVES_FILLED)[0])
        if slot < self.saves:
            old = self.data_at + page * self.page_bytes
            to = self.saves_at + slot * self.save_bytes
            self.map[to : to + self.page_bytes] = self.map[old : old + self.page_bytes]
            record["saved"] = slot + 1
            self.word(SAVES_FILLED)[0] = slot + 1
            record["copied"] = epoch
            return
        self.word(WANTED)[0] = page + 1
        while record["copied"][0] != epoch and self.word(CAPTURING)[0] == epoch:
            self._require_worker()
            time.sleep(0.0001)
        self._require_open()

    def allocate(self, count):
        return self.worker.send("POST", self.path + "/allocate", {"count": count})["pages"]

    def install(self, sequence, pages, last_page_tokens):
        self.worker.send("PUT", self.path + "/sequences",
                         {"sequences": [{"id": sequence, "pages": pages, "lastPageTokens": last_page_tokens}]})

    def capture(self, namespace, key):
        return self.worker.send("POST", self.path + "/capture", {"namespace": namespace, "key": key})

    def restore(self, namespace, key):
        return self.worker.send("POST", self.path + "/restore", {"namespace": namespace, "key": key})

    def close(self):
        self.worker.send("DELETE", self.path)
