#!/usr/bin/python3
"""Deletes the images of evicted entries that belong to no host.

Follows the topic spillway.evictions with a consumer group of its own. It uses the JSON Schema of the facts and one request to the
coordinator, and nothing else of Spillway. docs/outside-consumers.md has the rule by which it deletes, with the reasons.

Needs Debian's python3-confluent-kafka and python3-jsonschema. It ends with 1 when Kafka, the registry or the disk fails. After a
restart it continues from its offset.
"""
import argparse
import errno
import fcntl
import hashlib
import json
import os
import shutil
import sys
import urllib.parse
import urllib.request
from pathlib import Path

import confluent_kafka
import jsonschema

TOPIC = "spillway.evictions"
TYPE = "dev.spillway.eviction.v1"


class Unreadable(Exception):
    """A record that this version cannot read."""


def file_name(snapshot_id):
    """The file name of an image: a hash, because a snapshot id is opaque, up to 512 bytes, and may not be a valid name."""
    return hashlib.sha256(snapshot_id.encode("utf-8")).hexdigest()


def read_fact(schema, headers, value):
    """The fact in a record: CloudEvents 1.0 in binary mode, attributes as headers, the JSON as the value."""
    found = {name: (text or b"").decode("utf-8", "replace") for name, text in headers or []}
    for name, expected in (("ce_specversion", "1.0"), ("ce_type", TYPE), ("content-type", "application/json")):
        if found.get(name) != expected:
            raise Unreadable(f"{name}: {found.get(name)} (expected: {expected})")
    try:
        fact = json.loads(value)
        jsonschema.validate(fact, schema, cls=jsonschema.Draft202012Validator)
        fact["snapshotId"].encode("utf-8")
    except (TypeError, ValueError, RecursionError, jsonschema.ValidationError) as problem:
        raise Unreadable(f"value: {str(problem).splitlines()[0]}") from problem
    return fact


class Registry:
    def __init__(self, url, namespace):
        self.url = f"{url}/v1/namespaces/{namespace}/snapshots?limit=1000"

    def named(self):
        """The file names of all images that entries name now. Any answer but a complete list is an error, so that nothing is deleted."""
        names, after = set(), None
        while True:
            url = self.url + ("" if after is None else "&after=" + urllib.parse.quote(after, safe=""))
            with urllib.request.urlopen(url, timeout=30) as answer:
                page = json.load(answer)
            names.update(file_name(snapshot_id) for snapshot_id in page["items"])
            after = page.get("next")
            if after is None:
                return names


class Folder:
    """images/ holds the images, leaving/ those whose entries are being checked, gone/ those being unlinked, unread/ unreadable records."""

    def __init__(self, root, registry):
        self.registry = registry
        self.images, self.leaving, self.gone, self.unread = parts = [root / part for part in ("images", "leaving", "gone", "unread")]
        for part in parts:
            part.mkdir(parents=True, exist_ok=True)
        self.lock = open(root / "lock", "a")
        try:
            fcntl.lockf(self.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as problem:
            raise SystemExit(f"cleaner: folder: {root} (expected: one that no other cleaner works on)") from problem
        self.settle({image.name for image in self.leaving.iterdir()})

    def settle(self, evicted):
        self.unlink_gone()
        candidates = {name for name in evicted if os.path.lexists(self.images / name) or os.path.lexists(self.leaving / name)}
        if not candidates:
            return
        for name in candidates - self.registry.named():
            if os.path.lexists(self.images / name):
                self.move(self.images / name, self.leaving / name)
        self.sync()
        named = self.registry.named()
        for name in candidates:
            if os.path.lexists(self.leaving / name):
                self.move(self.leaving / name, (self.images if name in named else self.gone) / name)
        self.sync()
        self.unlink_gone()

    def move(self, image, to):
        """Renames an image. If the target exists, it is the same image, because a snapshot never changes; then the other one is deleted."""
        try:
            if not os.path.lexists(to):
                os.rename(image, to)
                return
        except OSError as problem:
            if problem.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                raise
        self.unlink_gone()
        os.rename(image, self.gone / image.name)

    def unlink_gone(self):
        for image in self.gone.iterdir():
            if image.is_dir() and not image.is_symlink():
                shutil.rmtree(image)  # follows no symbolic link
            else:
                image.unlink()

    def set_aside(self, record, why):
        """Keeps an unreadable record, whole, for a person or a later version."""
        aside = self.unread / f"{record.partition()}-{record.offset()}"
        headers = [[name, None if text is None else text.hex()] for name, text in record.headers() or []]
        with open(aside, "w", encoding="utf-8") as file:
            json.dump({"why": str(why), "headersInHex": headers, "valueInHex": (record.value() or b"").hex()}, file)
            file.flush()
            os.fsync(file.fileno())
        self.sync()
        print(f"cleaner: not read, kept as {aside}: {why}", file=sys.stderr, flush=True)

    def sync(self):
        for part in (self.images, self.leaving, self.gone, self.unread):
            directory = os.open(part, os.O_RDONLY)
            try:
                os.fsync(directory)
            finally:
                os.close(directory)


def follow(consumer, schema, namespace, folder):
    while True:
        records = consumer.consume(num_messages=500, timeout=1)
        evicted = set()
        for record in records:
            if record.error():
                raise confluent_kafka.KafkaException(record.error())
            try:
                fact = read_fact(schema, record.headers(), record.value())
                if fact["namespace"] == namespace:
                    evicted.add(file_name(fact["snapshotId"]))
            except Unreadable as why:
                folder.set_aside(record, why)
        folder.settle(evicted)
        if records:
            consumer.commit(asynchronous=False)


def main():
    options = argparse.ArgumentParser(description="Deletes the images of evicted entries that belong to no host.")
    for name, what in (("kafka", "HOST:PORT"), ("registry", "URL of a coordinator"), ("namespace", "the one whose images the folder holds"),
                       ("folder", "where images/ lies"), ("schema", "eviction.v1.json")):
        options.add_argument("--" + name, required=True, help=what)
    options.add_argument("--group", default="cleaner", help="consumer group")
    given = options.parse_args()
    schema = json.loads(Path(given.schema).read_text(encoding="utf-8"))
    # One fixed instance id, because one cleaner works on the folder. So after a kill, the next process is the same member at once.
    consumer = confluent_kafka.Consumer({"bootstrap.servers": given.kafka, "group.id": given.group, "group.instance.id": "cleaner",
                                         "enable.auto.commit": False, "auto.offset.reset": "earliest"})
    try:
        folder = Folder(Path(given.folder), Registry(given.registry, given.namespace))
        consumer.subscribe([TOPIC])
        follow(consumer, schema, given.namespace, folder)
    except (OSError, KeyError, ValueError, confluent_kafka.KafkaException) as problem:
        sys.exit(f"cleaner: {type(problem).__name__}: {problem}")
    finally:
        consumer.close()


if __name__ == "__main__":
    main()
