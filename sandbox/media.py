"""Reading pictures and documents from a call: uploads, addresses, ids of known files.

The sandbox fetches nothing, so an address that is well formed is taken; a test orders a failed
fetch as a fault. Refusals are those of tdlib/telegram-bot-api and TDLib (td FileManager.cpp).
"""

from dataclasses import dataclass

from sandbox.access import Call
from sandbox.arguments import Upload
from sandbox.files import StoredFile
from sandbox.links import checked_link
from sandbox.values import JsonObject, Refusal, bad_request

PHOTO_UPLOAD_LIMIT = 10 * 1024 * 1024
UPLOAD_LIMIT = 50 * 1024 * 1024
# The sandbox does not look inside pictures: it names the size of a usual news photo.
_WIDTH, _HEIGHT = 1280, 720


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture's PhotoSize objects, and the address that the chat client shows it from."""

    sizes: list[JsonObject]
    address: str | None


def read_picture(call: Call, name: str = "photo", value: str | None = None) -> Picture:
    """The picture argument of a call."""
    upload = _upload(call, name, value)
    if upload is not None:
        if len(upload.content) > PHOTO_UPLOAD_LIMIT:
            raise bad_request("too big file for a photo")
        stored = call.world.files.add("photos", upload.name, upload.mime_type, upload.content)
        return _picture(call, stored)
    reference = value if value is not None else call.arguments.text(name)
    if not reference:
        raise bad_request("there is no photo in the request")
    return _picture(call, _by_reference(call, reference, "photos"))


def read_document(call: Call) -> JsonObject:
    """The document argument of a call, as the Bot API's Document object."""
    upload = _upload(call, "document", None)
    if upload is not None:
        if len(upload.content) > UPLOAD_LIMIT:
            raise Refusal(413, "Request Entity Too Large")
        stored = call.world.files.add("documents", upload.name, upload.mime_type, upload.content)
    else:
        reference = call.arguments.text("document")
        if not reference:
            raise bad_request("there is no document in the request")
        stored = _by_reference(call, reference, "documents")
    return describe_document(stored)


def describe_document(stored: StoredFile) -> JsonObject:
    """The Bot API's Document object of a stored file."""
    return {
        "file_id": stored.file_id,
        "file_unique_id": stored.unique_id,
        "file_name": stored.name,
        "mime_type": stored.mime_type,
        "file_size": len(stored.content),
    }


def _upload(call: Call, name: str, value: str | None) -> Upload | None:
    reference = value if value is not None else call.arguments.text(name)
    if reference.startswith("attach://"):
        return call.arguments.uploads.get(reference.removeprefix("attach://"))
    return call.arguments.uploads.get(name) if value is None else None


def _by_reference(call: Call, reference: str, folder: str) -> StoredFile:
    known = call.world.files.by_id(reference)
    if known is not None:
        return known
    if "://" not in reference:
        raise bad_request(
            "wrong remote file identifier specified: Wrong character in the string"
            if "." in reference or "/" in reference
            else "wrong file identifier/HTTP URL specified"
        )
    if not reference.lower().startswith(("http://", "https://")) or not checked_link(reference):
        raise bad_request("wrong HTTP URL specified")
    name = reference.split("?", maxsplit=1)[0].rsplit("/", 1)[-1] or "file"
    return call.world.files.add(folder, name, "application/octet-stream", address=reference)


def _picture(call: Call, stored: StoredFile) -> Picture:
    address = stored.address or f"/file/bot{call.world.bot.token}/{stored.path}"
    size = {
        "file_id": stored.file_id,
        "file_unique_id": stored.unique_id,
        "width": _WIDTH,
        "height": _HEIGHT,
        "file_size": len(stored.content),
    }
    return Picture([size], address)
