"""What pages say of themselves where no record says it: lists, pages that moved or are missing, kinds of source."""

from __future__ import annotations

from errordocs.model import SiteFields


class Words:
    """The words of pages that belong to no record; site.yaml may give others."""

    def __init__(self, site: SiteFields) -> None:
        given = site.words
        self.home = given.get("home", "Home")
        self.errors = given.get("errors", "All errors")
        self.errors_summary = given.get("errors_summary", "Every error of this reference, by class and code.")
        self.senders = given.get("senders", "Senders")
        self.senders_summary = given.get("senders_summary", "Who sends these errors, and how each words them.")
        self.topics = given.get("topics", "Topics")
        self.topics_summary = given.get("topics_summary", "What the errors are about, across all senders.")
        self.guides = given.get("guides", "Guides")
        self.guides_summary = given.get("guides_summary", "What a fix needs at length.")
        self.lookup = given.get("lookup", "Look an error up")
        self.lookup_summary = given.get(
            "lookup_summary", "Paste what you got, as much of it as you like, and land on the page that explains it."
        )
        self.guide = given.get("guide", "Guide")
        self.page = given.get("page", "About this site")
        self.missing = given.get("missing", "There is no page at this address")
        self.missing_summary = given.get("missing_summary", "The address is mistyped, or its page has moved.")
        self.moved = given.get("moved", "This page has moved")
        self.basis = {
            "documented": given.get("documented", "documented by the sender"),
            "observed": given.get("observed", "seen in a log or report"),
            "source-code": given.get("source_code", "read in its source code"),
        }
