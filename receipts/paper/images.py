"""Pictures of the foundation that receipts bear, its logo and a signature: what can be printed, and why others cannot.

A picture is known by the SHA-256 of its file; a sheet names that, and the vault keeps the file itself.
"""

import hashlib
import re

from receipts.words import _

LARGEST_FILE = 200_000  # bytes: it is a part of every PDF
_MOST_PIXELS = 4_000_000
_LEAST_PIXELS = 8  # of either side

_PNG = b"\x89PNG\r\n\x1a\n"
_JPEG = b"\xff\xd8\xff"
_SVG = re.compile(rb"\A(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]*\?>\s*)?(?:<!--.*?-->\s*)*<svg[\s>]", re.DOTALL)
# Typst draws no text whose font it lacks, and reads nothing from elsewhere: either would leave a hole without a word.
_NOT_DRAWN = re.compile(rb"<(text|image|script|foreignObject)[\s>/]|<!(DOCTYPE|ENTITY)", re.IGNORECASE)


def digest_of_image(content: bytes) -> str:
    """Return the SHA-256 by which a picture is known."""
    return hashlib.sha256(content).hexdigest()


def image_suffix(content: bytes) -> str:
    """Return `png`, `jpg` or `svg` by the content of a file, empty where it is none of them."""
    if content.startswith(_PNG):
        return "png"
    if content.startswith(_JPEG):
        return "jpg"
    return "svg" if _SVG.match(content[:4096]) else ""


def image_refusal(content: bytes) -> str:
    """Return why a picture cannot be printed, with what to do; empty where nothing speaks against it at a glance."""
    suffix = image_suffix(content)
    if not suffix:
        return _("it is no SVG, PNG or JPEG; save it as one of them")
    if len(content) > LARGEST_FILE:
        return too_large(len(content))
    if suffix == "svg" and (found := _NOT_DRAWN.search(content)):
        return _("it holds <{part}>, which is not printed; turn texts into paths and leave out what is linked").format(
            part=(found[1] or b"!" + found[2]).decode()
        )
    if suffix == "png":
        width, height = (int.from_bytes(content[at : at + 4]) for at in (16, 20))
        if min(width, height) < _LEAST_PIXELS or width * height > _MOST_PIXELS:
            return _("it has {width} x {height} pixels; {least} to a side and {most} in all are expected").format(
                width=width, height=height, least=_LEAST_PIXELS, most=_MOST_PIXELS
            )
    return ""


def too_large(size: int) -> str:
    """Return that a picture of `size` bytes is too large, with what to do."""
    return _("it has {size} kB and at most {most} kB are taken, because every PDF holds it; make it smaller").format(
        size=-(-size // 1000), most=LARGEST_FILE // 1000
    )
