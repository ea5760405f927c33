#!/usr/bin/env python3
"""Profiles a CSV table: one line for each column, and a report beside the table."""

import csv
import statistics
import sys
from pathlib import Path


def number(text):
    try:
        return float(text)
    except ValueError:
        return None


def profile(name, values):
    filled = [value for value in values if value.strip()]
    numbers = [n for n in map(number, filled) if n is not None]
    gaps = len(values) - len(filled)
    if not filled or len(numbers) < 0.9 * len(filled):
        return f"{name}: text, {len(set(filled))} different values, {gaps} gaps"
    low, high = min(numbers), max(numbers)
    middle = statistics.median(numbers)
    # Median distances: a few wild values do not hide themselves.
    spread = statistics.median(abs(n - middle) for n in numbers)
    wild = [n for n in numbers if spread and abs(n - middle) > 8 * spread]
    shown = f" ({', '.join(f'{n:g}' for n in wild[:5])})" if wild else ""
    words = len(filled) - len(numbers)
    return (
        f"{name}: numbers from {low:g} to {high:g}, median {middle:g}, {gaps} gaps, "
        f"{words} not numbers, {len(wild)} outliers{shown}"
    )


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: profile.py TABLE.csv")
    path = Path(sys.argv[1])
    with path.open(newline="", encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    if not rows:
        sys.exit(f"{path} has no rows")
    lines = [profile(name, [row[name] or "" for row in rows]) for name in rows[0]]
    summary = f"{path.name}: {len(rows)} rows, {len(lines)} columns"
    print(summary, *lines, sep="\n")
    report = path.with_suffix(".profile.md")
    report.write_text(f"# {summary}\n\n" + "".join(f"- {line}\n" for line in lines), encoding="utf-8")
    print(f"Report: {report}")


main()
