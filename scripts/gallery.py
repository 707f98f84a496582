"""The gallery: every picture of a directory with its words, as Markdown."""

import html
import re
from pathlib import Path

import words


def plain(text: str) -> str:
    """Text in which Markdown and HTML find nothing to do."""
    return re.sub(r"([\\`*_{}\[\]()#+!|~$:@-])", lambda found: f"&#{ord(found[0])};", html.escape(text, quote=True))


def entry(picture, names: list[str]) -> str:
    """One picture: an image for each theme that there is, the text below."""
    # A browser shows SVG; PNG is for where that does not go.
    vector = [name for name in names if name.endswith(".svg")] or names
    light = next((name for name in vector if "--dark." not in name), vector[0])
    dark = next((name for name in vector if "--dark." in name), None)
    image = f'<img alt="{plain(picture.short_alt())}" src="{light}">'
    if dark and dark != light:
        image = f'<picture><source media="(prefers-color-scheme: dark)" srcset="{dark}">{image}</picture>'
    files = ", ".join(f"[{name}]({name})" for name in names)
    told = "\n".join(f"<br>{plain(line)}" for line in picture.alt().splitlines()[1:])
    return f"## {plain(words.shown(picture.title))}\n\n{image}\n\nFiles: {files}\n\n<details><summary>In words</summary>\n{told}\n</details>\n"


def write(directory: Path, entries: list[tuple[object, list[str]]]) -> None:
    """`index.md`."""
    parts = ["# Plots\n", *(entry(picture, names) for picture, names in entries)]
    (directory / "index.md").write_text("\n".join(parts), encoding="utf-8")
