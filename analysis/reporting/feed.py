"""The feed of editions, in Atom (RFC 4287): the same editions give the same bytes, and an entry keeps its name."""

import re
import uuid
from datetime import UTC, datetime, timedelta

from analysis.reporting.html import page_of
from analysis.reporting.index import Entry

NEWEST = 100
"""Editions that the feed holds, those that were updated last; the index has them all."""

_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def feed(told: list[Entry], /, *, title: str, address: str = "") -> str:
    """The editions of which there was something to tell last, as a feed; those that cannot be read are left out.

    Times are made from days, as editions have no other: the n-th of a day comes n seconds after midnight (UTC). One that was
    superseded or withdrawn is updated then.

    Args:
        told: what `index.entries` says of each edition, newest first.
        title: of what the editions are; the name that the feed keeps is made of it.
        address: where the folder of reports is served, ending in /. Without it addresses are relative to the feed's own.
    """
    name = uuid.uuid5(uuid.NAMESPACE_URL, f"evroad {title}")
    told = sorted((one for one in told if one.id), key=_updated, reverse=True)[:NEWEST]  # also old ones withdrawn since
    parts = []
    for one in told:
        times = [_in_rfc3339(moment) for moment in (_published(one.name), _updated(one))]
        parts.append({"of": one, "name": uuid.uuid5(name, f"{one.name} {one.id}"), "times": times})
    last = parts[0]["times"][1] if parts else _in_rfc3339(_midnight("1970-01-01"))
    text = page_of("feed.xml.j2", entries=parts, name=name, title=title, address=address, updated=last)
    return _NOT_IN_XML.sub("\ufffd", text)


def _published(name: str) -> datetime:
    day, _, suffix = name.partition(".")
    return _midnight(day) + timedelta(seconds=min(int(suffix or 0), 86_399))


def _updated(one: Entry) -> datetime:
    """When readers were last told something else of an edition: when it came, was superseded, or was withdrawn."""
    times = [_published(name) for name in (one.name, *(one.later or ()))]
    if one.withdrawal:  # after it came, also on its own day
        times += [_midnight(one.withdrawal["date"]), times[0] + timedelta(seconds=1)]
    return max(times)


def _midnight(day: str) -> datetime:
    return datetime.fromisoformat(day).replace(tzinfo=UTC)


def _in_rfc3339(moment: datetime) -> str:
    return moment.isoformat()[:19] + "Z"
