"""Makes a DOCX and a PDF of a Markdown file, with Python's standard library alone.

usage: make_report.py REPORT.md [--docx] [--pdf]
"""

import argparse
import sys
from pathlib import Path

import docx_file
import markdown_blocks
import pdf_file

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("file", type=Path)
parser.add_argument("--docx", action="store_true", help="the Word document only")
parser.add_argument("--pdf", action="store_true", help="the PDF only")
options = parser.parse_args()

try:
    text = options.file.read_text(encoding="utf-8-sig")
except (OSError, UnicodeDecodeError) as error:
    sys.exit(f"{options.file}: {error}")
blocks = markdown_blocks.parse(text)
title = next((markdown_blocks.plain(b.spans) for b in blocks if b.kind == "heading"), options.file.stem)

if options.docx or not options.pdf:
    target = options.file.with_suffix(".docx")
    docx_file.write(target, title, blocks)
    print(f"{target}: {len(blocks)} blocks")
if options.pdf or not options.docx:
    target = options.file.with_suffix(".pdf")
    pages, borrowed, missing = pdf_file.write(target, title, blocks)
    print(f"{target}: {pages} {'page' if pages == 1 else 'pages'}")
    if borrowed:
        print(f"Only readers with a Chinese font show these in the PDF: {' '.join(sorted(borrowed)[:40])}")
    if missing:
        print(f"The PDF cannot show, and has ? or the bare letter in place of: {' '.join(sorted(missing)[:40])}")
