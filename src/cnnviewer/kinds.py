"""What kinds of files there are, and which are read: the one table of endings, and of what files begin with.

A kind that is read, or one that is told by its name, is a line in `TYPES`. The first bytes decide; the ending chooses
among types that begin alike (a TIFF and a camera's raw photo), and decides alone where the bytes tell nothing. Drops,
dialogs, folders, datasets and the command line all ask here. Nothing is decoded, and no library imported.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path, PurePath

__all__ = [
    "IMAGES",
    "NETWORKS",
    "TEXT",
    "TYPES",
    "VIDEOS",
    "FileType",
    "Kind",
    "ending_of",
    "is_text",
    "kind_by_name",
    "refusal",
    "type_of",
    "type_of_head",
]

HEAD = 4096
"""So many bytes of a file are looked at."""


class Kind(Enum):
    """What a file is to this program; the value is its word for people."""

    IMAGE = "image"
    VIDEO = "video"
    NETWORK = "network"
    SOUND = "sound"
    OTHER = "other"


@dataclass(frozen=True)
class FileType:
    """A type of files.

    Parameters
    ----------
    kind
        What it is.
    name
        What sentences call one: "a JPEG photo".
    endings
        How the names of its files end, in small letters and separated by spaces.
    begins
        What its files begin with, as a regular expression; '' where they tell nothing, and the name alone does.
    is_read
        Whether the program reads it.
    advice
        What a user can do with one that is not read; it goes on where the name ends.
    """

    kind: Kind
    name: str
    endings: str = ""
    begins: bytes = b""
    is_read: bool = True
    advice: str = ""

    @property
    def extensions(self) -> frozenset[str]:
        """How the names of its files end, each with its dot."""
        return frozenset(f".{ending}" for ending in self.endings.split())

    def matches(self, head: bytes) -> bool:
        """Whether a file that begins so may be one."""
        return bool(self.begins) and re.match(self.begins, head, re.DOTALL) is not None


def _image(name: str, endings: str, begins: bytes) -> FileType:
    return FileType(Kind.IMAGE, name, endings, begins)


def _video(name: str, endings: str, begins: bytes = b"") -> FileType:
    return FileType(Kind.VIDEO, name, endings, begins)


def _network(name: str, endings: str, begins: bytes = b"") -> FileType:
    return FileType(Kind.NETWORK, name, endings, begins)


def _unread(kind: Kind, name: str, endings: str, begins: bytes, advice: str) -> FileType:
    return FileType(kind, name, endings, begins, is_read=False, advice=advice)


def _sound(name: str, endings: str, begins: bytes) -> FileType:
    return _unread(Kind.SOUND, name, endings, begins, "choose an image or a video")


_TO_JPEG = "convert it to JPEG or PNG, and open that"
_TO_PNG = "export it as PNG, and open that"
_TO_NUMBERS = "save it as a TIFF or a .npy of floats, and open that"
_UNPACK = "unpack it first"
_ENTRY = rb"PK\x03\x04.{26}"
"""A zip archive up to the name of its first entry."""
_TIFF = rb"II[*+]\0|MM\0[*+]"

_IMAGE_TYPES = (
    _image("a JPEG photo", "jpg jpeg jpe jfif mpo", rb"\xff\xd8\xff"),
    _image("a PNG image", "png apng", rb"\x89PNG\r\n\x1a\n"),
    _image("a GIF image", "gif", rb"GIF8"),
    _image("a WebP image", "webp", rb"RIFF.{4}WEBP"),
    _image("a BMP image", "bmp dib", rb"BM.{4}\0{4}|\x28\0{3}.{8}\x01\0[\x01\x04\x08\x10\x18\x20]\0"),
    _image("a TIFF image", "tif tiff", _TIFF),
    _image("an AVIF image", "avif avifs", rb".{4}ftyp(avi[fs]|m(if1|iaf.|sf1).{4}(.{4}){0,6}avi[fs])"),
    _image("a JPEG 2000 image", "jp2 j2k jpc jpf jpx j2c", rb"\0\0\0\x0cjP  |\xffO\xffQ"),
    _image("a PNM image", "ppm pgm pbm pnm pfm", rb"P[1-6fF]\s"),
    _image("an icon", "ico cur", rb"\0\0[\x01\x02]\0[^\0]\0"),
    _image("a macOS icon", "icns", rb"icns"),
    _image("a Photoshop image", "psd", rb"8BPS"),
    _image("a DDS texture", "dds", rb"DDS \x7c\0\0\0"),
    _image("a QOI image", "qoi", rb"qoif"),
    _image("a PCX image", "pcx", rb"\x0a[\0\x02\x03\x05]\x01[\x01\x02\x04\x08]"),
    _image("an SGI image", "sgi rgb rgba bw", rb"\x01\xda[\0\x01][\x01\x02]\0[\x01-\x03]"),
    _image("a Sun raster image", "ras", rb"\x59\xa6\x6a\x95"),
    # They begin with nothing of their own, and some end with a mark that is too far away to be looked at.
    _image("a TGA image", "tga icb vda vst", b""),
    _image("a NumPy array", "npy", rb"\x93NUMPY"),
    _image("a NumPy archive", "npz", _ENTRY + rb"[^/]{1,250}\.npy"),
    _unread(Kind.IMAGE, "a HEIC photo", "heic heif hif", rb".{4}ftyp(he[iv][cmsx]|mif1|msf1)", _TO_JPEG),
    _unread(Kind.IMAGE, "a JPEG XL image", "jxl", rb"\xff\x0a|\0\0\0\x0cJXL ", _TO_JPEG),
    _unread(
        Kind.IMAGE,
        "a camera's raw photo",
        "cr2 cr3 nef arw dng orf rw2 raf pef srw",
        _TIFF + rb"|II(RO|U\0)|FUJIFILMCCD|.{4}ftypcrx ",
        _TO_JPEG,
    ),
    _unread(
        Kind.IMAGE,
        "a DICOM image",
        "dcm dicom",
        rb".{128}DICM",
        "save it as a 16-bit TIFF or a .npy with a DICOM viewer, and open that",
    ),
    _unread(Kind.IMAGE, "an OpenEXR image", "exr", rb"\x76\x2f\x31\x01", _TO_NUMBERS),
    _unread(Kind.IMAGE, "a Radiance HDR image", "hdr", rb"#\?(RADIANCE|RGBE)", _TO_NUMBERS),
    _unread(Kind.IMAGE, "a FITS image", "fits fit fts", rb"SIMPLE  =", _TO_NUMBERS),
    _unread(Kind.IMAGE, "a JPEG XR image", "jxr wdp hdp", rb"II\xbc\x01", _TO_JPEG),
    _unread(Kind.IMAGE, "a GIMP image", "xcf", rb"gimp xcf", _TO_JPEG),
    _unread(Kind.IMAGE, "a DjVu document", "djvu djv", rb"AT&TFORM", "export its page as PNG, and open that"),
    _unread(Kind.IMAGE, "a PostScript drawing", "eps ps ai", rb"%!PS|\xc5\xd0\xd3\xc6", _TO_PNG),
    _unread(Kind.IMAGE, "a Windows metafile", "wmf emf", rb"\xd7\xcd\xc6\x9a", _TO_PNG),
    _unread(Kind.IMAGE, "an SVG drawing", "svg", rb"\s*(<\?xml.{0,2000}?)?<svg\b", _TO_PNG),
)

_VIDEO_TYPES = (
    _video(
        "an MP4 or QuickTime video",
        "mp4 m4v mov qt 3gp 3g2 f4v",
        rb".{4}(ftyp(?!M4[AB] |he[iv][cmsx]|mif1|msf1|avi[fs]|miaf|crx )|moov|mdat|wide|pnot)",
    ),
    _video("a Matroska or WebM video", "mkv webm mk3d", rb"\x1aE\xdf\xa3"),
    _video("an AVI video", "avi divx", rb"RIFF.{4}(AVI |AVIX|AMV )"),
    _video("an MPEG video", "mpg mpeg mpe m1v m2v m2p vob mod", rb"\0\0\x01[\xba\xb3]"),
    _video("an MPEG transport stream", "ts mts m2ts m2t tod", rb"G.{187}G.{187}G|.{4}G.{191}G.{191}G"),
    _video("a Windows Media video", "wmv asf", rb"0&\xb2u\x8ef\xcf\x11"),
    _video("an Ogg video", "ogv ogg ogm", rb"OggS.{24,}?(\x80theora|\x01video|BBCD\0|OVP80)"),
    _video("a Flash video", "flv", rb"FLV\x01"),
    _video("a RealMedia video", "rm rmvb", rb"\.RMF"),
    _video("an MXF video", "mxf", rb"\x06\x0e\x2b\x34\x02\x05\x01\x01"),
    _video("a Y4M video", "y4m", rb"YUV4MPEG2 "),
    _video("an IVF video", "ivf", rb"DKIF\0\0"),
    _video("a DV video", "dv", rb"\x1f\x07\0[\xbf\x3f]"),
    _video("a Motion JPEG video", "mjpeg mjpg", rb"\xff\xd8\xff"),
    _video("an H.264 or H.265 stream", "h264 264 h265 265 hevc", rb"\0\0\0?\x01[\x09\x27\x40\x42\x46\x47\x67]"),
)

_SOUND_TYPES = (
    _sound("an MP3 file", "mp3 mp2", rb"ID3|\xff[\xf2\xf3\xfa\xfb\xfc\xfd]"),
    _sound("an AAC file", "m4a m4b aac", rb".{4}ftypM4[AB] |\xff[\xf0\xf1\xf8\xf9]|ADIF"),
    _sound("a WAV file", "wav", rb"(RIFF|RF64).{4}WAVE"),
    _sound("an Ogg sound file", "oga opus spx", rb"OggS"),
    _sound("a FLAC file", "flac", rb"fLaC"),
    _sound("an AIFF file", "aif aiff aifc", rb"FORM.{4}AIF[FC]"),
    _sound("a Windows Media sound file", "wma", rb"0&\xb2u\x8ef\xcf\x11"),
    _sound("a MIDI file", "mid midi", rb"MThd"),
    _sound("an AMR file", "amr", rb"#!AMR"),
)

_NETWORK_TYPES = (
    _network("a safetensors file", "safetensors", rb".{3}[\0-\x05]\0{4}\{"),
    _network(
        "a PyTorch file",
        "pt pth th bin ckpt tar torchscript pt2",
        _ENTRY
        + rb"([^/]{1,250}/(data\.pkl|constants\.pkl|version|byteorder|archive_format|\.\w|models/|code/"
        + rb"|data/(weights|constants)/)"
        + rb"|serialized_\w+\.json|archive_format)"
        + rb"|..\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19",
    ),
    # Behind the video that has the same ending: most .ts files are one, and the bytes tell them apart.
    _network("a TorchScript file", "ts"),
    _network("an ONNX file", "onnx", rb"\x08[\x01-\x14](\x12[\0-\x7f][ -~]|[:B])"),
    _network("a Keras file", "keras", _ENTRY + rb"(metadata\.json|config\.json|model\.weights\.h5)"),
    _network("an HDF5 file", "h5 hdf5", rb"\x89HDF\r\n\x1a\n"),
    _network("a Python file", "py"),
)

_TO_ONNX = "export the network to ONNX where it was made, and open that"
_OTHER_NETWORK_TYPES = (
    _unread(
        Kind.NETWORK,
        "a graph of TensorFlow",
        "pb",
        b"",
        "python -m tf2onnx.convert makes ONNX of it, or of its SavedModel folder: open that",
    ),
    _unread(
        Kind.NETWORK,
        "a network of TensorFlow Lite",
        "tflite",
        rb".{4}TFL3",
        "python -m tf2onnx.convert --tflite makes ONNX of it: open that",
    ),
    _unread(Kind.NETWORK, "a network of Core ML", "mlmodel", b"", _TO_ONNX),
    _unread(Kind.NETWORK, "an engine of TensorRT", "engine plan trt", b"", "open the ONNX file that it was built from"),
    _unread(Kind.NETWORK, "a program of ExecuTorch", "pte", rb".{4}ET\d\d", "open the weights that it was made of"),
    _unread(Kind.NETWORK, "a network of Caffe", "caffemodel", b"", _TO_ONNX),
    _unread(Kind.NETWORK, "a network of PaddlePaddle", "pdmodel pdiparams pdparams", b"", _TO_ONNX),
    _unread(Kind.NETWORK, "a file of Darknet's weights", "weights", b"", _TO_ONNX),
)

EMPTY = _unread(Kind.OTHER, "empty (0 bytes)", "", rb"\Z", "it may not have been copied to its end")

ZIP = _unread(Kind.OTHER, "a zip archive", "zip", rb"PK\x03\x04|PK\x05\x06", _UNPACK)

_OTHER_TYPES = (
    EMPTY,
    _unread(Kind.OTHER, "a PDF document", "pdf", rb"%PDF", "export its page as PNG, and open that"),
    _unread(Kind.OTHER, "a GGUF language model", "gguf", rb"GGUF", "choose a network that reads images"),
    _unread(
        Kind.OTHER,
        "only a pointer of Git LFS to the file itself",
        "",
        rb"version https://git-lfs",
        "get that with: git lfs pull",
    ),
    _unread(
        Kind.OTHER,
        "a web page",
        "html htm",
        rb"(?i:\s*(<!--.{0,500}?-->\s*)?<(!doctype html|html|head))",
        "save the picture itself in the browser, and open that",
    ),
    _unread(
        Kind.OTHER, "an office document", "docx pptx xlsx odt odp", _ENTRY + rb"(\[Content_Types\]|mimetype)", _UNPACK
    ),
    ZIP,
    _unread(Kind.OTHER, "a tar archive", "", rb".{257}ustar", _UNPACK),
    _unread(Kind.OTHER, "compressed", "gz tgz bz2 xz zst", rb"\x1f\x8b|BZh[1-9]|\xfd7zXZ|\x28\xb5\x2f\xfd", _UNPACK),
    _unread(Kind.OTHER, "a 7z or RAR archive", "7z rar", rb"7z\xbc\xaf\x27\x1c|Rar!", _UNPACK),
)

TYPES = _IMAGE_TYPES + _VIDEO_TYPES + _SOUND_TYPES + _NETWORK_TYPES + _OTHER_NETWORK_TYPES + _OTHER_TYPES
"""All types; of those that begin alike, the first is taken where the ending is none of theirs."""

_NO_TEXT = re.compile(rb"[\0-\x08\x0e-\x1a\x1c-\x1f]")
"""Control characters that no text holds: they leave out white space, and the escape of terminals."""

TEXT = _unread(Kind.OTHER, "text", "txt md csv json xml yaml yml log", b"", "choose an image, a video or a network")
"""What no other type claims and is letters only."""


def _endings(kind: Kind) -> frozenset[str]:
    return frozenset().union(*(known.extensions for known in TYPES if known.kind is kind and known.is_read))


IMAGES = _endings(Kind.IMAGE)
"""How the names of image files end that are read, in small letters, each with its dot."""
VIDEOS = _endings(Kind.VIDEO)
"""How those of video files end; a GIF, which is among the images, may play, too."""
NETWORKS = _endings(Kind.NETWORK)
"""How those of files with networks or weights end."""


def ending_of(name: str | PurePath) -> str:
    """Return how a name ends, in small letters, with its dot; '' where it has no ending."""
    return os.path.splitext(name)[1].lower()  # noqa: PTH122 (a folder of many images: a path would take thrice as long)


def kind_by_name(name: str | PurePath) -> Kind | None:
    """Return the kind that a name tells; None where it tells none. No file is touched."""
    known = _by_ending(ending_of(name), (*TYPES, TEXT))
    return None if known is None else known.kind


def type_of(path: Path) -> FileType | None:
    """Return the type of a regular file, told from its first bytes and its name.

    Returns
    -------
    FileType or None
        None where neither tells it.

    Raises
    ------
    OSError
        If it can't be read.
    """
    with path.open("rb") as file:
        return type_of_head(file.read(HEAD), path.name)


def type_of_head(head: bytes, name: str | PurePath) -> FileType | None:
    """Return the type of a file with this name that begins so, as `type_of` does; `head` is up to `HEAD` bytes."""
    ending = ending_of(name)
    found = [known for known in TYPES if known.matches(head)]
    named = _by_ending(ending, TYPES)
    if found == [ZIP] and named is not None and named.kind is Kind.NETWORK:
        return named  # whose entries came in another order; who opens it looks at all of them
    if found:
        return _by_ending(ending, found) or found[0]
    if is_text(head):
        return named if named is not None and named.name == "a Python file" else TEXT
    return named


def refusal(name: str, known: FileType) -> str:
    """Return the sentence that tells why a file of a type that is not read is not opened."""
    named = kind_by_name(name)
    is_told_apart = named in (Kind.IMAGE, Kind.VIDEO) and named is not known.kind and known is not EMPTY
    what = f"no {named.value}: it is {known.name}" if named is not None and is_told_apart else known.name
    return f"{name} is {what}; {known.advice}."


def _by_ending(ending: str, types: tuple[FileType, ...] | list[FileType]) -> FileType | None:
    return next((known for known in types if ending in known.extensions), None)


def is_text(head: bytes) -> bool:
    """Whether the beginning of a file is text in UTF-8; its last letter may be cut."""
    if not head or _NO_TEXT.search(head):
        return False
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.end == len(head) == HEAD and error.start >= len(head) - 3
    return True
