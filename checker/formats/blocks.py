"""The text of a history in blocks of whole lines, as it comes.

Whatever reads a history reads blocks: a file of any size is never held as a whole, and a pipe is
read as soon as there is something in it. A file that is compressed with gzip is read as if it were
not.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple, Protocol, TextIO

from checker.history import HistoryError

BLOCK = 1 << 18
"""About the characters of a block: enough for bulk work, little enough to stay in the cache."""

_GZIP = b"\x1f\x8b"
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class ByteFile(Protocol):
    """What is needed of an open file or pipe; its ``read1``, if it has one, is used instead."""

    def read(self, size: int = -1, /) -> bytes: ...


class Block(NamedTuple):
    """Some whole lines; ``line`` is the number of the first, from 1.

    Each line ends in a newline, save perhaps the last one of the file.
    """

    line: int
    text: str


def blocks_of(content: bytes | str | ByteFile | TextIO, source: str) -> Iterator[Block]:
    """The blocks of a text, of its bytes, or of an open file.

    Raises HistoryError with the line where the text is not UTF-8, or is compressed and damaged.
    """
    if isinstance(content, str):
        return _numbered(_cut(content.removeprefix("\ufeff")))
    if isinstance(content, bytes):
        return _of_chunks(iter((content,)), source)
    first = content.read(0)
    if isinstance(first, str):
        return _numbered(iter(content))  # type: ignore[arg-type]
    return _of_chunks(_chunks(content), source)  # type: ignore[arg-type]


def _cut(text: str) -> Iterator[str]:
    at, length = 0, len(text)
    while at < length:
        end = text.find("\n", min(at + BLOCK, length))
        end = length if end < 0 else end + 1
        yield text[at:end]
        at = end


def _numbered(texts: Iterable[str]) -> Iterator[Block]:
    line = 1
    for text in texts:
        yield Block(line, text)
        line += text.count("\n")


def _chunks(file: ByteFile) -> Iterator[bytes]:
    # read1 gives what is there; read waits until it has all that was asked for.
    read: Callable[[int], bytes] = getattr(file, "read1", file.read)
    while chunk := read(BLOCK):
        yield chunk


def _of_chunks(chunks: Iterator[bytes], source: str) -> Iterator[Block]:
    head = b""
    while len(head) < len(_BYTE_ORDER_MARK) and (chunk := next(chunks, b"")):
        head += chunk
    chunks = _after(head, chunks)
    if head.startswith(_GZIP):
        yield from _of_chunks(_inflated(chunks, source), source)
        return
    offset, line = 0, 1
    for piece in _whole_lines(chunks):
        # The mark may stand at the start alone.
        content = piece.removeprefix(_BYTE_ORDER_MARK) if offset == 0 else piece
        fault: UnicodeDecodeError | None = None
        try:
            text = content.decode()
        except UnicodeDecodeError as error:
            fault = error
            text = content[: content.rfind(b"\n", 0, error.start) + 1].decode()
        for part in _cut(text):
            yield Block(line, part)
            line += part.count("\n")
        if fault is not None:
            at = offset + len(piece) - len(content) + fault.start
            byte = content[fault.start]
            raise HistoryError(
                f"this is not UTF-8 text: byte 0x{byte:02x} at offset {at}",
                source=source,
                line=line,
            )
        offset += len(piece)


def _after(head: bytes, chunks: Iterator[bytes]) -> Iterator[bytes]:
    if head:
        yield head
    yield from chunks


def _whole_lines(chunks: Iterator[bytes]) -> Iterator[bytes]:
    pending: list[bytes] = []
    for chunk in chunks:
        end = chunk.rfind(b"\n") + 1
        if not end:
            pending.append(chunk)
            continue
        pending.append(chunk[:end])
        yield b"".join(pending)
        pending = [chunk[end:]] if end < len(chunk) else []
    if pending:
        yield b"".join(pending)


def _inflated(chunks: Iterator[bytes], source: str) -> Iterator[bytes]:
    """What gzip made small; files of several members too."""
    inflate = zlib.decompressobj(wbits=31)
    begun = False
    try:
        for chunk in chunks:
            left = chunk
            while left:
                begun = True
                if part := inflate.decompress(left, BLOCK):
                    yield part
                if inflate.eof:
                    left = inflate.unused_data.lstrip(b"\0")
                    inflate, begun = zlib.decompressobj(wbits=31), False
                else:
                    left = inflate.unconsumed_tail
        if part := inflate.flush():
            yield part
    except zlib.error as error:
        raise HistoryError(f"the compressed file is damaged: {error}", source=source) from None
    if begun:
        raise HistoryError(
            "the compressed file is cut off; decompress what is there (gzip -dc) to check it",
            source=source,
        )
