"""What a report consists of, as plain data; `rendering` makes a page of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Picture:
    """A picture with its words: `alt` says what it shows, `source` is a data URI, the size is in CSS pixels."""

    name: str
    alt: str
    caption: str
    source: str
    width: int
    height: int


@dataclass(frozen=True)
class Table:
    """A table of texts; the first column names the row, `numbers` are the columns that stand to the right."""

    name: str
    caption: str
    header: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    numbers: tuple[int, ...] = ()


@dataclass(frozen=True)
class Day:
    """A day of a story: its heading, and a line for each event."""

    heading: str
    events: list[str]


@dataclass(frozen=True)
class Story:
    """A trial told: its number, how it was chosen, its days, and how it ended."""

    trial: int
    title: str
    chosen: str
    days: list[Day]
    end: str


@dataclass(frozen=True)
class Finding:
    """What one scenario makes of the question: its name, and sentences about the difference and what it rests on."""

    name: str
    sentences: list[str]


@dataclass(frozen=True)
class Section:
    """A part of the page under a heading: paragraphs, then pictures, then tables."""

    title: str
    paragraphs: list[str] = field(default_factory=list)
    pictures: list[Picture] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)


@dataclass(frozen=True)
class Page:
    """A whole report."""

    title: str
    scenario: str
    question: str
    about: str
    answer: list[str]
    outcomes: Table
    pictures: Section
    findings: list[Finding]
    differences: Section | None
    rests: Section
    assumptions: Section
    definitions: list[tuple[str, str]]
    stories: list[Story]
    stories_note: str
    story_pictures: list[Picture]
    reproduce: list[str]
    provenance: Table
    caution: list[str]
    sources: list[tuple[str, str]]
    digests: list[str]
