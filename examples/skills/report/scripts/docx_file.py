"""Writes blocks as a Word document: a zip of XML files, as ECMA-376 has it."""

import zipfile
from datetime import datetime, timezone
from xml.sax.saxutils import escape, quoteattr

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
R = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
TYPES = "application/vnd.openxmlformats-officedocument.wordprocessingml."
# Of a table: twentieths of a point, as is everything here without a unit.
TEXT_WIDTH = 9070


def write(path, title, blocks):
    document = Document()
    body = "".join(document.block(block) for block in blocks)
    files = {
        "[Content_Types].xml": content_types(),
        "_rels/.rels": relations([("officeDocument", "word/document.xml", ""), ("", "docProps/core.xml", "")]),
        "docProps/core.xml": core(title),
        "word/document.xml": f'{HEAD}<w:document xmlns:w="{W}" xmlns:r="{R}"><w:body>{body}{SECTION}</w:body></w:document>',
        "word/styles.xml": styles(),
        "word/numbering.xml": document.numbering(),
        "word/_rels/document.xml.rels": relations(
            [("styles", "styles.xml", ""), ("numbering", "numbering.xml", "")]
            + [("hyperlink", url, ' TargetMode="External"') for url in document.links]
        ),
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name, text)


class Document:
    def __init__(self):
        self.links = []
        # Number at which each numbered list begins.
        self.starts = []
        self.in_list = {}

    def block(self, block):
        if block.kind != "item":
            self.in_list.clear()
        return getattr(self, block.kind)(block)

    def heading(self, block):
        return paragraph(f"Heading{min(block.level, 6)}", self.runs(block.spans))

    def paragraph(self, block):
        return paragraph("Normal", self.runs(block.spans))

    def quote(self, block):
        return paragraph("Quote", self.runs(block.spans))

    def rule(self, _):
        border = '<w:pBdr><w:bottom w:val="single" w:sz="6" w:space="1" w:color="999999"/></w:pBdr>'
        return f"<w:p><w:pPr>{border}</w:pPr></w:p>"

    def code(self, block):
        lines = "<w:br/>".join(text_of(line) for line in block.lines)
        return paragraph("Code", f"<w:r>{lines}</w:r>")

    def item(self, block):
        for level in [each for each in self.in_list if each > block.level]:
            del self.in_list[level]
        if block.number and block.level not in self.in_list:
            self.starts.append(block.number)
            self.in_list[block.level] = len(self.starts) + 1
        number = self.in_list[block.level] if block.number else 1
        place = f'<w:numPr><w:ilvl w:val="{block.level}"/><w:numId w:val="{number}"/></w:numPr>'
        return paragraph("ListParagraph", self.runs(block.spans), place)

    def table(self, block):
        columns = len(block.rows[0])
        width = TEXT_WIDTH // columns
        grid = f'<w:gridCol w:w="{width}"/>' * columns
        sides = ("top", "left", "bottom", "right", "insideH", "insideV")
        borders = "".join(f'<w:{side} w:val="single" w:sz="4" w:space="0" w:color="999999"/>' for side in sides)
        rows = []
        for index, row in enumerate(block.rows):
            cells = "".join(
                f'<w:tc><w:tcPr><w:tcW w:w="{width}" w:type="dxa"/></w:tcPr>'
                f'{paragraph("TableHead" if index == 0 else "TableText", self.runs(cell))}</w:tc>'
                for cell in row
            )
            head = "<w:trPr><w:tblHeader/></w:trPr>" if index == 0 else ""
            rows.append(f"<w:tr>{head}{cells}</w:tr>")
        properties = f'<w:tblPr><w:tblW w:w="{width * columns}" w:type="dxa"/><w:tblBorders>{borders}</w:tblBorders></w:tblPr>'
        return f"<w:tbl>{properties}<w:tblGrid>{grid}</w:tblGrid>{''.join(rows)}</w:tbl>{paragraph('TableText', '')}"

    def runs(self, spans):
        return "".join(self.run(span) for span in spans)

    def run(self, span):
        marks = []
        if span.link:
            marks.append('<w:rStyle w:val="Hyperlink"/>')
        if span.code:
            marks.append('<w:rFonts w:ascii="Consolas" w:hAnsi="Consolas" w:cs="Consolas"/>')
        if span.bold:
            marks.append("<w:b/>")
        if span.italic:
            marks.append("<w:i/>")
        properties = f"<w:rPr>{''.join(marks)}</w:rPr>" if marks else ""
        text = "<w:br/>".join(text_of(line) for line in span.text.split("\n"))
        run = f"<w:r>{properties}{text}</w:r>"
        # A place within the document, or a file, is no address.
        if not span.link.startswith(("http://", "https://", "mailto:")):
            return run
        if span.link not in self.links:
            self.links.append(span.link)
        return f'<w:hyperlink r:id="rId{self.links.index(span.link) + 3}">{run}</w:hyperlink>'

    def numbering(self):
        bullets = levels(lambda level: ("bullet", "•◦▪•◦▪"[level]))
        numbers = levels(lambda level: ("decimal", f"%{level + 1}."))
        lists = '<w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num>' + "".join(
            f'<w:num w:numId="{index + 2}"><w:abstractNumId w:val="1"/>'
            + "".join(f'<w:lvlOverride w:ilvl="{level}"><w:startOverride w:val="{start}"/></w:lvlOverride>' for level in range(6))
            + "</w:num>"
            for index, start in enumerate(self.starts)
        )
        return (
            f'{HEAD}<w:numbering xmlns:w="{W}"><w:abstractNum w:abstractNumId="0">{bullets}</w:abstractNum>'
            f'<w:abstractNum w:abstractNumId="1">{numbers}</w:abstractNum>{lists}</w:numbering>'
        )


def levels(look):
    return "".join(
        f'<w:lvl w:ilvl="{level}"><w:start w:val="1"/><w:numFmt w:val="{look(level)[0]}"/>'
        f'<w:lvlText w:val="{look(level)[1]}"/><w:lvlJc w:val="left"/>'
        f'<w:pPr><w:ind w:left="{360 * (level + 1)}" w:hanging="360"/></w:pPr></w:lvl>'
        for level in range(6)
    )


def paragraph(style, runs, more=""):
    return f'<w:p><w:pPr><w:pStyle w:val="{style}"/>{more}</w:pPr>{runs}</w:p>'


def text_of(text):
    # XML has no place for control characters.
    kept = "".join(c for c in text if c >= " " and not "\ud800" <= c <= "\udfff" and c not in "\ufffe\uffff")
    return f'<w:t xml:space="preserve">{escape(kept)}</w:t>'


SECTION = (
    '<w:sectPr><w:pgSz w:w="11906" w:h="16838"/>'
    '<w:pgMar w:top="1418" w:right="1418" w:bottom="1418" w:left="1418" w:header="708" w:footer="708" w:gutter="0"/></w:sectPr>'
)


def styles():
    def style(name, shown, look, size, based="Normal", before=0, after=120):
        parent = "" if name == "Normal" else f'<w:basedOn w:val="{based}"/>'
        default = ' w:default="1"' if name == "Normal" else ""
        return (
            f'<w:style w:type="paragraph" w:styleId="{name}"{default}><w:name w:val="{shown}"/>{parent}'
            f'<w:pPr>{look[0]}<w:spacing w:before="{before}" w:after="{after}"/>{look[1]}</w:pPr>'
            f'<w:rPr>{look[2]}<w:sz w:val="{size}"/></w:rPr></w:style>'
        )

    headings = "".join(
        style(f"Heading{n}", f"heading {n}", ("<w:keepNext/>", f'<w:outlineLvl w:val="{n - 1}"/>', "<w:b/>"), size, before=280)
        for n, size in ((1, 36), (2, 28), (3, 25), (4, 23), (5, 22), (6, 22))
    )
    shade = '<w:shd w:val="clear" w:color="auto" w:fill="F2F2F2"/>'
    mono = '<w:rFonts w:ascii="Consolas" w:hAnsi="Consolas" w:cs="Consolas"/>'
    return (
        f'{HEAD}<w:styles xmlns:w="{W}"><w:docDefaults><w:rPrDefault><w:rPr>'
        '<w:rFonts w:ascii="Calibri" w:hAnsi="Calibri" w:eastAsia="SimSun" w:cs="Calibri"/></w:rPr></w:rPrDefault></w:docDefaults>'
        + style("Normal", "Normal", ("", "", ""), 22)
        + headings
        + style("ListParagraph", "List Paragraph", ("", "", ""), 22, after=60)
        + style("Quote", "Quote", ("", '<w:ind w:left="567"/>', "<w:i/>"), 22)
        + style("Code", "Code", (shade, "", mono), 18)
        + style("TableText", "Table Text", ("", "", ""), 20, after=40)
        + style("TableHead", "Table Head", ("", "", "<w:b/>"), 20, based="TableText", after=40)
        + '<w:style w:type="character" w:styleId="Hyperlink"><w:name w:val="Hyperlink"/><w:rPr><w:color w:val="0563C1"/><w:u w:val="single"/></w:rPr></w:style></w:styles>'
    )


def content_types():
    parts = (("document", "document.main"), ("styles", "styles"), ("numbering", "numbering"))
    overrides = "".join(f'<Override PartName="/word/{name}.xml" ContentType="{TYPES}{kind}+xml"/>' for name, kind in parts)
    return (
        f'{HEAD}<Types xmlns="{PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Default Extension="xml" ContentType="application/xml"/>{overrides}'
        '<Override PartName="/docProps/core.xml" ContentType="application/vnd.openxmlformats-package.core-properties+xml"/></Types>'
    )


def relations(targets):
    def kind(name):
        return f"{R}/{name}" if name else f"{PACKAGE}/relationships/metadata/core-properties"

    return (
        f'{HEAD}<Relationships xmlns="{PACKAGE}/relationships">'
        + "".join(
            f'<Relationship Id="rId{index + 1}" Type="{kind(name)}" Target={quoteattr(target)}{mode}/>'
            for index, (name, target, mode) in enumerate(targets)
        )
        + "</Relationships>"
    )


def core(title):
    now = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    return (
        f'{HEAD}<cp:coreProperties xmlns:cp="{PACKAGE}/metadata/core-properties" xmlns:dc="http://purl.org/dc/elements/1.1/" '
        'xmlns:dcterms="http://purl.org/dc/terms/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        f'<dc:title>{escape(title)}</dc:title><dcterms:created xsi:type="dcterms:W3CDTF">{now}</dcterms:created></cp:coreProperties>'
    )
