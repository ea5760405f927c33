"""Reads the part of Markdown that reports use, into blocks of spans."""

import re
from dataclasses import dataclass, field


@dataclass
class Span:
    text: str
    bold: bool = False
    italic: bool = False
    code: bool = False
    link: str = ""


@dataclass
class Block:
    """kind: heading, paragraph, item, quote, code, table, rule."""

    kind: str
    spans: list = field(default_factory=list)
    # Of a heading 1 to 6; of an item how deep it stands, from 0.
    level: int = 0
    # Of an item: its number, or 0 for a bullet.
    number: int = 0
    # Of a code block.
    lines: list = field(default_factory=list)
    # Of a table: rows of cells of spans; the first is its head.
    rows: list = field(default_factory=list)


HEADING = re.compile(r"(#{1,6})\s+(.*?)\s*#*\s*$")
ITEM = re.compile(r"(\s*)(?:[-*+]|(\d{1,9})[.)])\s+(.*)$")
FENCE = re.compile(r"\s*(`{3,}|~{3,})")
RULE = re.compile(r"\s*([-*_])(?:\s*\1){2,}\s*$")
TABLE_LINE = re.compile(r"\s*\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?\s*$")


def parse(text):
    lines = text.replace("\r\n", "\n").replace("\t", "    ").split("\n")
    blocks = []
    at = 0
    while at < len(lines):
        line = lines[at]
        fence = FENCE.match(line)
        if not line.strip():
            at += 1
        elif fence:
            end = at + 1
            while end < len(lines) and not lines[end].strip().startswith(fence[1]):
                end += 1
            blocks.append(Block("code", lines=lines[at + 1 : end]))
            at = end + 1
        elif HEADING.match(line):
            marks, words = HEADING.match(line).groups()
            blocks.append(Block("heading", spans_of(words), level=len(marks)))
            at += 1
        elif RULE.match(line):
            blocks.append(Block("rule"))
            at += 1
        elif "|" in line and at + 1 < len(lines) and "-" in lines[at + 1] and TABLE_LINE.match(lines[at + 1]):
            end = at + 2
            while end < len(lines) and "|" in lines[end]:
                end += 1
            rows = [cells_of(lines[at])] + [cells_of(each) for each in lines[at + 2 : end]]
            blocks.append(Block("table", rows=[(row + [[]] * len(rows[0]))[: len(rows[0])] for row in rows]))
            at = end
        elif ITEM.match(line):
            indent, number, words = ITEM.match(line).groups()
            words, at = with_more(words, lines, at + 1)
            blocks.append(Block("item", spans_of(words), level=min(len(indent) // 2, 5), number=int(number or 0)))
        elif line.lstrip().startswith(">"):
            words = []
            while at < len(lines) and lines[at].lstrip().startswith(">"):
                words.append(lines[at].lstrip()[1:].strip())
                at += 1
            blocks.append(Block("quote", spans_of(" ".join(words))))
        else:
            words, at = with_more(line.strip(), lines, at + 1)
            blocks.append(Block("paragraph", spans_of(words)))
    return blocks


def with_more(words, lines, at):
    """The lines that go on with a paragraph or an item; two blanks or a backslash at an end break the line."""
    while at < len(lines) and lines[at].strip() and not starts_block(lines[at]):
        hard = words.endswith("  ") or words.endswith("\\")
        words = words.rstrip(" \\") + ("\n" if hard else " ") + lines[at].lstrip()
        at += 1
    return words.rstrip(), at


def starts_block(line):
    starts = (FENCE, HEADING, RULE, ITEM)
    return any(each.match(line) for each in starts) or line.lstrip().startswith(">") or line.lstrip().startswith("|")


def cells_of(line):
    line = line.strip().removeprefix("|").removesuffix("|")
    return [spans_of(cell.strip().replace("\\|", "|")) for cell in re.split(r"(?<!\\)\|", line)]


INLINE = re.compile(
    r"(?P<code>`+)(?P<coded>.+?)(?P=code)"
    r"|!?\[(?P<name>[^\]]*)\]\((?P<url>[^\s()]*(?:\([^\s()]*\)[^\s()]*)*)(?:\s+\"[^\"]*\")?\)"
    r"|<(?P<bare>https?://[^\s>]+)>"
    r"|(?P<plain>https?://[^\s<>\"]*[^\s<>\".,;:!?)\]'*_])"
    r"|\*\*(?P<bold>(?=\S).+?(?<=\S))\*\*|__(?P<bold2>(?=\S).+?(?<=\S))__"
    r"|\*(?P<italic>(?=\S).+?(?<=\S))\*|(?<!\w)_(?P<italic2>(?=\S).+?(?<=\S))_(?!\w)"
    r"|\\(?P<escaped>[\\`*_{}\[\]()#+.!|>~-])",
    re.S,
)


def spans_of(text, bold=False, italic=False, link=""):
    spans = []
    at = 0

    def add(words, **more):
        if words:
            spans.append(Span(words, **{"bold": bold, "italic": italic, "link": link, **more}))

    for found in INLINE.finditer(text):
        add(text[at : found.start()])
        at = found.end()
        kind = found.groupdict()
        if kind["coded"] is not None:
            add(kind["coded"].strip(), code=True)
        elif kind["url"] is not None:
            spans.extend(spans_of(kind["name"] or kind["url"], bold, italic, kind["url"]))
        elif kind["bare"] or kind["plain"]:
            url = kind["bare"] or kind["plain"]
            add(url, link=url)
        elif kind["bold"] or kind["bold2"]:
            spans.extend(spans_of(kind["bold"] or kind["bold2"], True, italic, link))
        elif kind["italic"] or kind["italic2"]:
            spans.extend(spans_of(kind["italic"] or kind["italic2"], bold, True, link))
        else:
            add(kind["escaped"])
    add(text[at:])
    return spans


def plain(spans):
    return "".join(span.text for span in spans)
