"""Writes blocks as a PDF with the fonts that every reader has: no font is embedded.

Latin text is in Helvetica and Courier. Chinese, Greek, Cyrillic and the like ask for a font of the reader's for
Simplified Chinese (STSong-Light), and stay blank where it has none. What neither has is shown as ?. Both are told.
"""

import re
import unicodedata
import zlib

PAGE = (595, 842)
MARGIN = 64
WIDTH = PAGE[0] - 2 * MARGIN

FONTS = {
    "F1": "Helvetica",
    "F2": "Helvetica-Bold",
    "F3": "Helvetica-Oblique",
    "F4": "Helvetica-BoldOblique",
    "F5": "Courier",
    "F6": "STSong-Light",
}
# Widths of ! to ~ after the blank, in thousandths of the size.
REGULAR = (
    [278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278] + [556] * 10
    + [278, 278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833, 722, 778]
    + [667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556, 333, 556, 556, 500, 556, 556]
    + [278, 556, 556, 222, 222, 500, 222, 833, 556, 556, 556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334]
    + [260, 334, 584]
)
BOLD = (
    [278, 333, 474, 556, 556, 889, 722, 238, 333, 333, 389, 584, 278, 333, 278, 278] + [556] * 10
    + [333, 333, 584, 584, 584, 611, 975, 722, 722, 722, 722, 667, 611, 778, 722, 278, 556, 722, 611, 833, 722, 778]
    + [667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 333, 278, 333, 584, 556, 333, 556, 611, 556, 611, 556]
    + [333, 611, 611, 278, 278, 556, 278, 889, 611, 611, 611, 611, 389, 556, 333, 611, 556, 778, 556, 556, 500, 389]
    + [280, 389, 584]
)
SPECIAL = {"–": 556, "—": 1000, "“": 400, "”": 400, "‘": 250, "’": 250, "…": 1000, "•": 350, "€": 556, "\u00a0": 278}


def write(path, title, blocks):
    layout = Layout()
    for block in blocks:
        layout.block(block)
    layout.end()
    path.write_bytes(file_of(title, layout.pages))
    return len(layout.pages), layout.borrowed, layout.missing


class Piece:
    """A run of characters in one font."""

    def __init__(self, text, font, size, link=""):
        self.text, self.font, self.size, self.link = text, font, size, link
        self.width = sum(width_of(c, font) for c in text) * size / 1000


def width_of(character, font):
    if font == "F5":
        return 600
    if font == "F6":
        return 1000
    table = BOLD if font in ("F2", "F4") else REGULAR
    if " " <= character <= "~":
        return table[ord(character) - 32]
    if character in SPECIAL:
        return SPECIAL[character]
    base = unicodedata.normalize("NFD", character)[0]
    return table[ord(base) - 32] if " " <= base <= "~" else 556


def in_cp1252(character):
    try:
        character.encode("cp1252")
        return True
    except UnicodeEncodeError:
        return False


def in_gb(character):
    try:
        character.encode("gb18030")
        return ord(character) < 0x10000 and len(character.encode("gbk", "ignore")) > 0
    except UnicodeEncodeError:
        return False


class Layout:
    def __init__(self):
        self.pages = []
        self.missing = set()
        # Characters that need a font which not every reader has.
        self.borrowed = set()
        self.new_page()

    def new_page(self):
        self.page = {"content": [], "links": []}
        self.pages.append(self.page)
        self.y = PAGE[1] - MARGIN

    def room(self, height):
        if self.y - height < MARGIN:
            self.new_page()

    def end(self):
        for number, page in enumerate(self.pages, 1):
            text = f"{number} / {len(self.pages)}"
            piece = Piece(text, "F1", 9)
            draw(page, PAGE[0] / 2 - piece.width / 2, MARGIN / 2, [piece])

    def block(self, block):
        getattr(self, block.kind)(block)

    def heading(self, block):
        size = {1: 20, 2: 15.5, 3: 13}.get(block.level, 11.5)
        self.y -= size * (0.9 if self.page["content"] else 0)
        # A heading does not stand alone at the end of a page.
        self.room(size * 4)
        self.lines(self.pieces(block.spans, size, bold=True), size * 1.3)
        self.y -= size * 0.35

    def paragraph(self, block):
        self.lines(self.pieces(block.spans, 10.5), 15)
        self.y -= 7

    def quote(self, block):
        top, page = self.y, self.page
        self.lines(self.pieces(block.spans, 10.5, italic=True), 15, indent=18)
        if page is self.page:
            line(page, MARGIN + 6, top - 2, MARGIN + 6, self.y, 0.7, 1.5)
        self.y -= 7

    def item(self, block):
        indent = 16 * (block.level + 1)
        mark = f"{block.number}." if block.number else "•"
        self.room(15)
        at = Piece(mark, "F1", 10.5)
        draw(self.page, MARGIN + indent - at.width - 5, self.y - 11.25, [at])
        self.lines(self.pieces(block.spans, 10.5), 15, indent=indent)
        self.y -= 3

    def code(self, block):
        self.y -= 2
        fits = max(1, int((WIDTH - 12) / (0.6 * 8.5)))
        for text in block.lines or [""]:
            for start in range(0, max(1, len(text)), fits):
                self.room(11)
                self.page["content"].append(f"0.95 g {MARGIN} {self.y - 11:.1f} {WIDTH} 11 re f 0 g")
                draw(self.page, MARGIN + 6, self.y - 8.5, self.split(text[start : start + fits], "F5", 8.5))
                self.y -= 11
        self.y -= 9

    def rule(self, _):
        self.room(14)
        line(self.page, MARGIN, self.y - 6, MARGIN + WIDTH, self.y - 6, 0.6, 0.7)
        self.y -= 14

    def table(self, block):
        size, leading, pad = 9, 12, 4
        columns = len(block.rows[0])
        rows = [[self.pieces(cell, size, bold=index == 0) for cell in row] for index, row in enumerate(block.rows)]
        wanted = [max(sum(p.width for p in row[c]) + 2 * pad for row in rows) for c in range(columns)]
        least = min(60, WIDTH / columns)
        wanted = [min(max(each, least), WIDTH * 0.6) for each in wanted]
        scale = WIDTH / sum(wanted) if sum(wanted) > WIDTH else 1
        widths = [each * scale for each in wanted]
        for row in rows:
            cells = [broken(cell, width - 2 * pad) for cell, width in zip(row, widths)]
            # A row that is higher than a page is parted.
            most = int((PAGE[1] - 2 * MARGIN - 2 * pad) / leading)
            while any(cells):
                part, cells = [cell[:most] for cell in cells], [cell[most:] for cell in cells]
                height = max(1, max(len(cell) for cell in part)) * leading + 2 * pad
                self.room(height)
                x = MARGIN
                for cell, width in zip(part, widths):
                    self.page["content"].append(f"0.7 G 0.5 w {x:.1f} {self.y - height:.1f} {width:.1f} {height:.1f} re S 0 G")
                    for index, pieces in enumerate(cell):
                        draw(self.page, x + pad, self.y - pad - leading * index - size, pieces)
                    x += width
                self.y -= height
        self.y -= 10

    def lines(self, pieces, leading, indent=0):
        for each in broken(pieces, WIDTH - indent):
            self.room(leading)
            draw(self.page, MARGIN + indent, self.y - leading * 0.75, each)
            self.y -= leading

    def pieces(self, spans, size, bold=False, italic=False):
        pieces = []
        for span in spans:
            strong, slanted = bold or span.bold, italic or span.italic
            font = "F5" if span.code else ("F4" if strong and slanted else "F2" if strong else "F3" if slanted else "F1")
            pieces += self.split(span.text, font, size, span.link)
        return pieces

    def split(self, text, font, size, link=""):
        """The text in pieces that one font can show."""
        pieces, run, run_font = [], "", font
        for character in text:
            if character == "\n" or in_cp1252(character):
                its = font
            elif in_gb(character):
                its = "F6"
            else:
                if character < " " or unicodedata.category(character) in ("Mn", "Cf"):
                    continue
                # A letter without its accent is better than none.
                base = unicodedata.normalize("NFD", character)[0]
                self.missing.add(character)
                character, its = (base, "F6") if in_gb(base) else ("?", font)
            if its == "F6":
                self.borrowed.add(character)
            if its != run_font and run:
                pieces.append(Piece(run, run_font, size, link))
                run = ""
            run_font = its
            run += character
        return pieces + ([Piece(run, run_font, size, link)] if run else [])


# Text is broken after blanks, and between characters of a script that has none.
PARTS = re.compile(r"\n|[ \t]+|[^\s\u2e80-\uffff]+|.")


def broken(pieces, width):
    """Pieces as lines of at most this width."""
    lines, line, used = [], [], 0

    def close():
        nonlocal line, used
        while line and not line[-1].text.strip():
            line.pop()
        lines.append(line)
        line, used = [], 0

    for piece in pieces:
        for text in PARTS.findall(piece.text):
            if text == "\n":
                close()
                continue
            part = Piece(text, piece.font, piece.size, piece.link)
            if used + part.width > width and line:
                close()
            if not text.strip() and not line:
                continue
            while part.width > width and len(text) > 1:
                fits = max(1, int(len(text) * width / part.width))
                line.append(Piece(text[:fits], piece.font, piece.size, piece.link))
                close()
                text = text[fits:]
                part = Piece(text, piece.font, piece.size, piece.link)
            line.append(part)
            used += part.width
    if line or not lines:
        close()
    return lines


def draw(page, x, y, pieces):
    for piece in pieces:
        if piece.font == "F6":
            shown = f"<{piece.text.encode('utf-16-be').hex()}>"
        else:
            shown = "<" + piece.text.encode("cp1252", "replace").hex() + ">"
        colour = "0.02 0.39 0.76 rg" if piece.link else "0 g"
        page["content"].append(f"BT {colour} /{piece.font} {piece.size} Tf {x:.2f} {y:.2f} Td {shown} Tj ET")
        if piece.link.startswith(("http://", "https://", "mailto:")):
            page["links"].append((x, y - 2, x + piece.width, y + piece.size, piece.link))
        x += piece.width


def line(page, x1, y1, x2, y2, grey, width):
    page["content"].append(f"{grey} G {width} w {x1:.1f} {y1:.1f} m {x2:.1f} {y2:.1f} l S 0 G")


def file_of(title, pages):
    objects = []

    def add(text, stream=None):
        objects.append((text, stream))
        return len(objects)

    catalog = add("<< /Type /Catalog /Pages 2 0 R >>")
    add("")
    fonts = []
    for name, font in FONTS.items():
        if name == "F6":
            descriptor = add(
                f"<< /Type /FontDescriptor /FontName /{font} /Flags 6 /FontBBox [-25 -254 1000 880] /ItalicAngle 0 "
                "/Ascent 880 /Descent -120 /CapHeight 880 /StemV 93 >>"
            )
            system = "<< /Registry (Adobe) /Ordering (GB1) /Supplement 4 >>"
            below = add(
                f"<< /Type /Font /Subtype /CIDFontType0 /BaseFont /{font} /CIDSystemInfo {system} "
                f"/FontDescriptor {descriptor} 0 R /DW 1000 >>"
            )
            kind = f"/Subtype /Type0 /Encoding /UniGB-UTF16-H /DescendantFonts [{below} 0 R]"
        else:
            kind = "/Subtype /Type1 /Encoding /WinAnsiEncoding"
        fonts.append(f"/{name} {add(f'<< /Type /Font /BaseFont /{font} {kind} >>')} 0 R")
    resources = f"<< /Font << {' '.join(fonts)} >> >>"
    numbers = []
    for page in pages:
        content = zlib.compress("\n".join(page["content"]).encode("ascii"))
        stream = add(f"<< /Length {len(content)} /Filter /FlateDecode >>", content)
        links = [
            add(
                f"<< /Type /Annot /Subtype /Link /Border [0 0 0] /Rect [{x1:.1f} {y1:.1f} {x2:.1f} {y2:.1f}] "
                f"/A << /S /URI /URI {literal(url)} >> >>"
            )
            for x1, y1, x2, y2, url in page["links"]
        ]
        annotations = f"/Annots [{' '.join(f'{each} 0 R' for each in links)}]" if links else ""
        numbers.append(
            add(
                f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {PAGE[0]} {PAGE[1]}] /Resources {resources} "
                f"/Contents {stream} 0 R {annotations} >>"
            )
        )
    kids = " ".join(f"{number} 0 R" for number in numbers)
    objects[1] = (f"<< /Type /Pages /Kids [{kids}] /Count {len(numbers)} >>", None)
    info = add(f"<< /Title <feff{title.encode('utf-16-be', 'replace').hex()}> >>")

    out = bytearray(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
    places = []
    for number, (text, stream) in enumerate(objects, 1):
        places.append(len(out))
        out += f"{number} 0 obj\n{text}\n".encode("ascii")
        if stream is not None:
            out += b"stream\n" + stream + b"\nendstream\n"
        out += b"endobj\n"
    start = len(out)
    out += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n".encode()
    out += b"".join(f"{place:010d} 00000 n \n".encode() for place in places)
    out += f"trailer\n<< /Size {len(objects) + 1} /Root {catalog} 0 R /Info {info} 0 R >>\nstartxref\n{start}\n%%EOF\n".encode()
    return bytes(out)


def literal(text):
    # An address in a PDF is ASCII.
    ascii_text = "".join(c if " " < c <= "~" else "".join(f"%{b:02X}" for b in c.encode("utf-8", "ignore")) for c in text)
    return "(" + re.sub(r"([()\\])", r"\\\1", ascii_text) + ")"
