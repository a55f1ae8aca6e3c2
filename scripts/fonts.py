"""Makes the small fonts of packages/hub/fonts from Noto (SIL Open Font License) for letters in PDF.

Each font holds the characters that our letters use in one script, and Latin ones. Run it when a letter gains a
character; a test says so. Needs fonttools and brotli, and the Noto fonts of @fontsource in node_modules
(npm install --no-save @fontsource/noto-sans …). With names of fonts, only those are made.
"""

import io
import json
import pathlib
import sys

from fontTools import subset
from fontTools.merge import Merger
from fontTools.ttLib import TTFont

house = pathlib.Path(__file__).resolve().parent.parent
letters = house / "packages/hub/src/networks/letters"
out = house / "packages/hub/fonts"
text = {path.stem: path.read_text() for path in letters.glob("*.ts")}
latin = {chr(c) for c in range(0x20, 0x7F)} | {chr(c) for c in range(0xA0, 0x180)} | set("‘’“”–—…→·•")
vietnamese = {c for c in text["vi"] if ord(c) > 0x7F}


def ranges(expression: str) -> set[int]:
    found: set[int] = set()
    for part in expression.split(","):
        low, _, high = part.strip()[2:].partition("-")
        found |= set(range(int(low, 16), int(high or low, 16) + 1))
    return found


def pick(family: str, weight: int, wanted: set[str]) -> list[TTFont]:
    """The parts of a family that hold the wanted characters, cut down to them."""
    folder = house / "node_modules/@fontsource" / family
    fonts = []
    left = set(map(ord, wanted))
    for name, expression in json.loads((folder / "unicode.json").read_text()).items():
        here = ranges(expression) & left
        if not here:
            continue
        left -= here
        path = folder / "files" / f"{family}-{name.strip('[]')}-{weight}-normal.woff2"
        options = subset.Options()
        options.layout_features = ["*"]
        options.hinting = False
        options.flavor = None
        font = subset.load_font(str(path), options)
        cutter = subset.Subsetter(options)
        cutter.populate(unicodes=here | {0x20})
        cutter.subset(font)
        fonts.append(font)
    return fonts


def make(name: str, family: str, weight: int, wanted: set[str]) -> None:
    fonts = pick(family, weight, wanted)
    if len(fonts) > 1:
        files = []
        for font in fonts:
            for table in ("GSUB", "GPOS", "GDEF", "BASE", "STAT", "vhea", "vmtx", "VORG"):
                if table in font:
                    del font[table]
            file = io.BytesIO()
            font.flavor = None
            font.save(file)
            file.seek(0)
            files.append(file)
        font = Merger().merge(files)
    else:
        font = fonts[0]
    font.flavor = None
    path = out / f"{name}.ttf"
    font.save(path)
    print(path.name, path.stat().st_size, "bytes", len(font.getBestCmap()), "characters", file=sys.stderr)


def letters_of(language: str, low: int, high: int) -> set[str]:
    return {c for c in text[language] if low <= ord(c) <= high}


wanted = set(sys.argv[1:])


def make_wanted(name: str, *more) -> None:
    if not wanted or name in wanted:
        make(name, *more)


for weight, suffix in ((400, ""), (700, "-bold")):
    make_wanted(f"latin{suffix}", "noto-sans", weight, latin | vietnamese)
make_wanted("mono", "noto-sans-mono", 400, latin)
make_wanted("devanagari", "noto-sans-devanagari", 400, letters_of("hi", 0x900, 0x97F))
make_wanted("thai", "noto-sans-thai", 400, letters_of("th", 0xE00, 0xE7F))
# Of Khmer all: its vowels are taken apart and put together from others, by rules that a merged font would not have.
make_wanted("khmer", "noto-sans-khmer", 400, {chr(c) for c in range(0x1780, 0x1800)} | {"\u25cc"})
make_wanted("chinese", "noto-sans-sc", 400, letters_of("zh", 0x2E80, 0x9FFF) | letters_of("zh", 0xFF00, 0xFFEF))
make_wanted("japanese", "noto-sans-jp", 400, letters_of("ja", 0x2E80, 0x9FFF) | letters_of("ja", 0xFF00, 0xFFEF))
