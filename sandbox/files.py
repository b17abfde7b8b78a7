"""Files that were sent or uploaded: their bytes, ids and paths, all in memory.

A picture sent by address has no bytes here, because the sandbox fetches nothing; it keeps the
address for the chat client.
"""

import hashlib
import itertools
from dataclasses import dataclass

from sandbox.values import JsonObject

BYTES_KEPT = 256 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class StoredFile:
    """One file; `address` is set instead of content when it was sent by URL."""

    file_id: str
    unique_id: str
    path: str
    name: str
    mime_type: str
    content: bytes = b""
    address: str | None = None

    def described(self) -> JsonObject:
        """The Bot API's File object."""
        return {
            "file_id": self.file_id,
            "file_unique_id": self.unique_id,
            "file_size": len(self.content),
            "file_path": self.path,
        }


class Files:
    """Files by id and by path; the oldest go when more than 256 MB are kept."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self._by_id: dict[str, StoredFile] = {}
        self._by_path: dict[str, StoredFile] = {}
        self._bytes = 0

    def add(
        self,
        folder: str,
        name: str,
        mime_type: str,
        content: bytes = b"",
        address: str | None = None,
    ) -> StoredFile:
        """Store a file under a new id; `folder` is "documents" or "photos"."""
        number = next(self._numbers)
        unique = hashlib.sha256(content or (address or "").encode()).hexdigest()[:16]
        suffix = name.rsplit(".", 1)[-1] if "." in name else "bin"
        path = f"{folder}/file_{number}.{suffix}"
        stored = StoredFile(
            f"SBX{number:08d}{unique}", unique, path, name, mime_type, content, address
        )
        self._by_id[stored.file_id] = stored
        self._by_path[path] = stored
        self._bytes += len(content)
        while self._bytes > BYTES_KEPT or len(self._by_id) > 100_000:
            oldest = self._by_id.pop(next(iter(self._by_id)))
            self._by_path.pop(oldest.path, None)
            self._bytes -= len(oldest.content)
        return stored

    def by_id(self, file_id: str) -> StoredFile | None:
        """The file with an id."""
        return self._by_id.get(file_id)

    def by_path(self, path: str) -> StoredFile | None:
        """The file at a path as getFile named it."""
        return self._by_path.get(path)
