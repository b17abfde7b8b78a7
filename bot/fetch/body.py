"""Bodies of answers, decoded while they stream and never beyond a limit. No connection is made.

Observation: servers send gzip without saying so, say gzip and send none, compress twice, cut the
stream short, and 200 KB can unpack to 200 MB. Rule: the bytes decide, not the header: what begins
as gzip is unpacked, up to three times; Content-Encoding only tells deflate, which has no mark of
its own. Rejected: the HTTP library's decoding, which trusts the header and fails on a wrong one.
"""

from __future__ import annotations

import zlib

_GZIP = b"\x1f\x8b\x08"
_PLAIN = frozenset(bytes([code]) for code in b"<{[ \t\r\n\xef\xfe\xff")
"""First bytes of documents that are not compressed."""
_LAYERS = 3
_STEP = 262_144


class TooLargeError(Exception):
    """More bytes than the limit, on the wire or unpacked."""


class DamagedBodyError(Exception):
    """A compressed stream that cannot be unpacked."""


class _Layer:
    """One level of compression; plain until its first bytes say otherwise."""

    def __init__(self, deflate: bool) -> None:
        self._deflate = deflate
        self._head: bytes | None = b""
        self._unpacker: zlib._Decompress | None = None
        self._window = 0
        self.packed = False

    @property
    def cut_short(self) -> bool:
        """The stream ended before its end mark."""
        return self.packed and self._unpacker is not None and not self._unpacker.eof

    def feed(self, data: bytes, limit: int) -> bytes:
        """Unpack; at most `limit` bytes come out, or TooLargeError is raised."""
        if self._head is not None:
            self._head += data
            if len(self._head) < len(_GZIP):
                return b""
            data, self._head = self._head, None
            self._recognise(data)
        return self._unpack(data, limit) if self.packed else data

    def finish(self, limit: int) -> bytes:
        """What was held back because it is shorter than a mark."""
        data, self._head = self._head or b"", None
        return data if len(data) <= limit else b""

    def _recognise(self, data: bytes) -> None:
        if data.startswith(_GZIP):
            self._window = 16 + zlib.MAX_WBITS
        elif self._deflate and data[:1] not in _PLAIN:
            # "deflate" is zlib's format by the standard, the raw one by some servers, and by
            # some no compression at all.
            zlib_header = data[0] & 0x0F == 8 and int.from_bytes(data[:2], "big") % 31 == 0
            self._window = zlib.MAX_WBITS if zlib_header else -zlib.MAX_WBITS
        self.packed = self._window != 0
        if self.packed:
            self._unpacker = zlib.decompressobj(self._window)

    def _unpack(self, data: bytes, limit: int) -> bytes:
        pieces: list[bytes] = []
        size = 0
        try:
            while self._unpacker is not None:
                if self._unpacker.eof:
                    # Another member may follow (RFC 1952 section 2.2); anything else is padding.
                    if not data.startswith(_GZIP):
                        break
                    self._unpacker = zlib.decompressobj(self._window)
                piece = self._unpacker.decompress(data, _STEP)
                size += len(piece)
                if size > limit:
                    raise TooLargeError
                pieces.append(piece)
                data = self._unpacker.unconsumed_tail or self._unpacker.unused_data
                if not data and len(piece) < _STEP:
                    break
        except zlib.error as error:
            raise DamagedBodyError from error
        return b"".join(pieces)


class BodyReader:
    """Collects a body chunk by chunk. `limit` counts the bytes on the wire and those unpacked."""

    def __init__(self, content_encoding: str, limit: int) -> None:
        encodings = [name.strip().lower() for name in content_encoding.split(",")]
        deflate = "deflate" in encodings
        self._layers = [_Layer(deflate and level == 0) for level in range(_LAYERS)]
        self._limit = limit
        self._on_wire = 0
        self._pieces: list[bytes] = []
        self._size = 0

    @property
    def cut_short(self) -> bool:
        """A compressed stream ended early: what was read is only a part."""
        return any(layer.cut_short for layer in self._layers)

    def feed(self, chunk: bytes) -> None:
        """Take a chunk from the wire. Raises TooLargeError, DamagedBodyError."""
        self._on_wire += len(chunk)
        if self._on_wire > self._limit:
            raise TooLargeError
        self._pass(chunk, 0)

    def finish(self) -> bytes:
        """The whole body."""
        for level, layer in enumerate(self._layers):
            self._pass(layer.finish(self._limit), level + 1)
        return b"".join(self._pieces)

    def _pass(self, data: bytes, level: int) -> None:
        for layer in self._layers[level:]:
            data = layer.feed(data, self._limit - self._size)
        self._size += len(data)
        if self._size > self._limit:
            raise TooLargeError
        if data:
            self._pieces.append(data)
