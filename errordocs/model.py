"""The types of everything that flows from content to output; frozen, and importing no sibling.

The structs under "What an author writes" are the one source of what a field is: the check,
the JSON Schemas, the scaffold of `new` and the field reference are all derived from them.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated
from typing import Literal

import msgspec
from msgspec import Meta
from msgspec import Raw
from msgspec import Struct
from msgspec import field

END = r"(?!\n)$"  # `$` alone would let a line end through
SLUG = rf"^[a-z0-9]+(?:[.-][a-z0-9]+)*{END}"
HOST = r"[A-Za-z0-9._-]+(?::[0-9]+)?"  # a name outside ASCII is written as xn--; what else parsers choke on is no host
WEB = rf"^https?://{HOST}(?:[/?#][^\s\\]*)?{END}"


class Failed(Exception):
    """The environment failed; its text is one line for the person at the terminal (exit status 3)."""


class Misused(Failed):
    """The command was given what it cannot work with; its text is one line (exit status 2)."""


class Problem(Struct, frozen=True, order=True):
    """An author's mistake, with its place and its mend."""

    path: str
    line: int
    column: int
    rule: str
    what: str
    mend: str
    severity: Literal["error", "warning"] = "error"

    def __str__(self) -> str:
        text = f"{self.path}:{self.line}:{self.column}: {self.severity}[{self.rule}]: {self.what}; {self.mend}"
        return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


class Finding(Struct, frozen=True):
    """A mistake that a rule found in records: a field's path in its file, or a line and column in its body.

    It becomes a Problem once `load` has looked up where the field stands.
    """

    source: str
    rule: str
    what: str
    mend: str
    where: tuple[str | int, ...] = ()
    on_key: bool = False
    at: tuple[int, int] | None = None
    severity: Literal["error", "warning"] = "error"


# What an author writes

Slug = Annotated[str, Meta(pattern=SLUG, max_length=100)]
Web = Annotated[str, Meta(pattern=WEB, max_length=2000)]
Line = Annotated[str, Meta(min_length=1, max_length=400)]
Title = Annotated[str, Meta(min_length=1, max_length=90, description="The page's title, in the reader's words.")]
Summary = Annotated[
    str,
    Meta(min_length=80, max_length=300, description="What this is about and what to do first, one paragraph."),
]
Updated = Annotated[date, Meta(description="Date of the last change of substance, as 2026-11-24.")]


Phrase = Annotated[str, Meta(min_length=2, max_length=240, pattern=rf"^[^\s*]+(?: [^\s]+)*{END}")]


class Authored(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Base of what an author writes: unknown fields are refused."""


class Reply(Authored, frozen=True):
    """A literal reply, with where it was documented or seen."""

    text: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=2000,
            description="The reply as its source shows it; variable parts in braces, as {ip}.",
        ),
    ]
    source: Annotated[Web, Meta(description="Where it is documented or was seen.")]
    basis: Annotated[
        Literal["documented", "observed", "source-code"],
        Meta(description="documented by the sender, observed in a log, or read in its source code."),
    ]
    checked: Annotated[date, Meta(description="The day on which the source was last read.")]
    sender: Annotated[Slug | None, Meta(description="Who sends it; the entry's own sender when left out.")] = None
    sample: Annotated[
        tuple[Annotated[str, Meta(min_length=1, max_length=2000)], ...],
        Meta(description="Whole lines as a log or report shows them."),
    ] = ()
    topics: Annotated[
        tuple[Slug, ...], Meta(description="What this reply is about; the entry's first topic when left out.")
    ] = ()


class Related(Authored, frozen=True):
    """Another entry, and what tells the two apart."""

    entry: Annotated[Slug, Meta(description="The slug of the other entry.")]
    why: Annotated[Line, Meta(description="One sentence that helps somebody on the wrong page.")]


class Reference(Authored, frozen=True):
    """A source, and what it establishes."""

    title: Annotated[Line, Meta(description="The document, with its section.")]
    url: Annotated[Web, Meta(description="Its address.")]
    says: Annotated[Line, Meta(description="What it establishes for this page.")]


class EntryFields(Authored, frozen=True):
    """The front matter of an entry, less the code parts and the facts, which site.yaml declares."""

    title: Annotated[Title, Meta(description="The error in the reader's words, without the code.")]
    summary: Annotated[Summary, Meta(description="What happened and the first thing to do.")]
    updated: Updated
    sender: Annotated[Slug | None, Meta(description="Slug of the sender whose variant this is.")] = None
    seen_from: Annotated[tuple[Slug, ...], Meta(description="Senders that are known to send it.")] = ()
    topics: Annotated[tuple[Slug, ...], Meta(description="What it is about.")] = ()
    guides: Annotated[tuple[Slug, ...], Meta(description="Guides that its fix needs.")] = ()
    responses: Annotated[tuple[Reply, ...], Meta(description="Literal replies.")] = ()
    phrases: Annotated[
        tuple[Phrase, ...],
        Meta(
            description="Words by which the lookup knows this error where no known reply fits: `a|b` for one word or "
            "the other, `*` for up to four words."
        ),
    ] = ()
    related: Annotated[tuple[Related, ...], Meta(description="The author's own picks, with reasons.")] = ()
    references: Annotated[tuple[Reference, ...], Meta(description="The defining document first.")] = ()
    aliases: Annotated[tuple[Slug, ...], Meta(description="Former slugs; each becomes a redirect.")] = ()
    status: Annotated[Literal["retired"] | None, Meta(description="retired: no longer sent; the page stays.")] = None
    replaced_by: Annotated[Slug | None, Meta(description="The entry that took a retired one's place.")] = None

    @property
    def senders(self) -> tuple[str, ...]:
        """The slugs of those who send its literal replies."""
        return tuple(sorted({slug for reply in self.responses if (slug := reply.sender or self.sender)}))


class ContactLink(Authored, frozen=True):
    """A page or form of a sender's."""

    title: Line
    url: Web
    purpose: Annotated[Slug, Meta(description="One of the purposes that site.yaml lists.")]


class SenderFields(Authored, frozen=True):
    """content/senders/<slug>.yaml: somebody who sends replies."""

    name: Annotated[Title, Meta(description="The name that readers know.")]
    kind: Annotated[Slug, Meta(description="One of the kinds that site.yaml lists.")]
    summary: Annotated[Summary, Meta(description="Who it is and how it words its replies.")]
    updated: Updated
    also_known_as: Annotated[tuple[Line, ...], Meta(description="Other names.")] = ()
    domains: Annotated[tuple[Line, ...], Meta(description="Domains that it answers for.")] = ()
    hosts: Annotated[
        tuple[Annotated[str, Meta(pattern=rf"^(?:\*\.)?[a-z0-9_-]+(?:\.[a-z0-9_-]+)*{END}")], ...],
        Meta(description="Host names that show that it answered; * only as the first label."),
    ] = ()
    marks: Annotated[tuple[Line, ...], Meta(description="Literal strings that nobody else's replies hold.")] = ()
    reports: Annotated[
        tuple[Line, ...],
        Meta(description="Literal strings of the reports that it writes itself when it gives up on a message."),
    ] = ()
    links: Annotated[tuple[ContactLink, ...], Meta(description="Its consoles, forms and documents.")] = ()
    about: Annotated[str, Meta(max_length=20000, description="Markdown: how to recognise its replies.")] = ""


class ArticleFields(Authored, frozen=True):
    """The front matter of a guide, a topic or a page of its own."""

    title: Title
    summary: Summary
    updated: Updated
    topics: Annotated[tuple[Slug, ...], Meta(description="Topics that it belongs to.")] = ()
    guides: Annotated[tuple[Slug, ...], Meta(description="Guides to read next.")] = ()
    first: Annotated[tuple[Slug, ...], Meta(description="A topic's entries, in the order to think of them.")] = ()
    references: Annotated[tuple[Reference, ...], Meta(description="Sources.")] = ()


class RegistryCode(Authored, frozen=True):
    """A row of a registry: a code as its standard has it."""

    code: Annotated[str, Meta(min_length=1, max_length=40, description="X stands for any class digit.")]
    title: Line
    status: Line
    reference: Line
    url: Web
    meaning: Annotated[str, Meta(min_length=1, max_length=600)]
    name: Annotated[str, Meta(max_length=200, description="Its title in the registry, to the letter.")] = ""
    commands: Annotated[str, Meta(max_length=200, description="Where in a session it occurs.")] = ""
    with_: Annotated[tuple[str, ...], Meta(description="Codes of the other part that go with it.")] = field(
        default=(), name="with"
    )
    classes: Annotated[tuple[str, ...], Meta(description="Class digits that its definition names.")] = ()
    note: Annotated[str, Meta(max_length=600)] = ""


class RegistryFields(Authored, frozen=True):
    """content/registry/<name>.yaml: the codes of one part, as data."""

    title: Title
    summary: Summary
    source: Web
    codes: tuple[RegistryCode, ...]
    subjects: Annotated[dict[str, Line], Meta(description="Names of what a part's subject group matches.")] = {}


class Part(Authored, frozen=True):
    """A part of a code."""

    name: Annotated[str, Meta(pattern=rf"^[a-z][a-z_]*{END}", description="The field's name in front matter.")]
    label: Line
    pattern: Annotated[Line, Meta(description="Regular expression that the whole value must match.")]
    help: Annotated[Line, Meta(description="One sentence for authors.")]
    registry: Annotated[Slug | None, Meta(description="content/registry/<name>.yaml, where there is one.")] = None
    subject: Annotated[str | None, Meta(description="Expression whose first group is the code's subject.")] = None
    twins: Annotated[
        Literal["yes", "no"], Meta(description="yes: a code and the same code in the twin class are twins.")
    ] = "no"


class CodeClass(Authored, frozen=True):
    """A class of codes, told by the first digit."""

    digit: Annotated[str, Meta(pattern=rf"^[0-9]{END}")]
    name: Slug
    label: Annotated[Line, Meta(description="As in a sentence about one error.")]
    heading: Annotated[Line, Meta(description="Over a list of the class.")]
    says: Annotated[Line, Meta(description="What the class means, in one sentence.")]
    shape: Annotated[Literal["circle", "triangle", "octagon", "square"], Meta(description="Its sign, beside words.")]
    defaults: Annotated[dict[str, str], Meta(description="Value of a fact where an entry has none.")] = {}
    twin: Annotated[str | None, Meta(description="Digit of the class that is its twin.")] = None
    optional: Annotated[tuple[Slug, ...], Meta(description="Keys of sections that an entry may leave out.")] = ()


class Fact(Authored, frozen=True):
    """A field with a fixed set of values, which drives software."""

    name: Annotated[str, Meta(pattern=rf"^[a-z][a-z_]*{END}", description="The field's name in front matter.")]
    label: Line
    values: Annotated[dict[str, Line], Meta(description="Each value, and how a page words it.")]
    help: Line
    many: Annotated[Literal["yes", "no"], Meta(description="yes: a list of one or more values.")] = "no"
    required: Literal["yes", "no"] = "yes"


class SectionKind(Authored, frozen=True):
    """A section of an entry's body."""

    key: Slug
    heading: Line
    kind: Annotated[
        Literal["overview", "steps", "prose", "faq"],
        Meta(description="overview and prose are text; steps and faq hold ### items."),
    ]
    help: Annotated[str, Meta(max_length=400, description="What belongs in it; shown by `new`.")] = ""


class NavItem(Authored, frozen=True):
    label: Line
    page: Annotated[str, Meta(pattern=rf"^[a-z0-9-]+(?:/[a-z0-9-]+)?\.html{END}")]


class CallToAction(Authored, frozen=True):
    title: Line
    text: Line
    label: Line
    url: Web


class SiteFields(Authored, frozen=True):
    """content/site.yaml: what the generator has to know of this kind of code."""

    title: Title
    short_title: Annotated[str, Meta(min_length=1, max_length=30)]
    summary: Summary
    base_url: Annotated[
        str, Meta(pattern=rf"^https?://[^\s?#]+/{END}", description="Where it is published; ends in /.")
    ]
    language: Annotated[str, Meta(pattern=rf"^[a-z]{{2}}(?:-[A-Z]{{2}})?{END}")]
    publisher: Line
    licence: Line
    parts: Annotated[tuple[Part, ...], Meta(min_length=1)]
    classes: Annotated[tuple[CodeClass, ...], Meta(min_length=1)]
    sections: Annotated[tuple[SectionKind, ...], Meta(min_length=1)]
    sender_kinds: Annotated[dict[str, Line], Meta(description="Kinds of sender, and the heading of each.")]
    link_purposes: Annotated[dict[str, Line], Meta(description="What a sender's link is for.")]
    facts: tuple[Fact, ...] = ()
    navigation: tuple[NavItem, ...] = ()
    edit_url: Annotated[str | None, Meta(description="{path} stands for the file's path in the repository.")] = None
    report_url: Annotated[str | None, Meta(description="{title} stands for the page's title.")] = None
    call_to_action: CallToAction | None = None
    step_verbs: Annotated[
        tuple[Line, ...], Meta(description="Verbs with which a step's title may begin; without them, any word may.")
    ] = ()
    source_hosts: Annotated[
        tuple[Line, ...], Meta(description="Hosts that references may cite; without them, any may.")
    ] = ()
    unchecked_hosts: Annotated[
        tuple[Line, ...], Meta(description="Hosts that refuse programs; `check --external` leaves them alone.")
    ] = ()
    words: Annotated[dict[str, Line], Meta(description="Words of this field that templates show.")] = {}


Expressions = tuple[Annotated[str, Meta(min_length=1, max_length=2000)], ...]


class LookupFields(Authored, frozen=True):
    """content/lookup.yaml: how the lookup reads a pasted text.

    Expressions are of the kind that Python and browsers share; they are matched without regard to case, `^` and `$`
    at the ends of lines.
    """

    failing: Annotated[
        tuple[Annotated[str, Meta(pattern=rf"^[0-9]{END}")], ...], Meta(description="Digits of the classes that fail.")
    ]
    general: Annotated[
        dict[str, Slug], Meta(description="For a digit of `failing`, the entry where nothing more exact fits.")
    ] = {}
    replies: Annotated[Expressions, Meta(description="What stands right before a reply.")] = ()
    stops: Annotated[Expressions, Meta(description="Where a reply ends.")] = ()
    fields: Annotated[Expressions, Meta(description="What stands before a code that a program only guessed.")] = ()
    hosts: Annotated[Expressions, Meta(description="Hosts that answered: the first group is the name.")] = ()
    cases: Annotated[
        Expressions, Meta(description="Where what befell one addressee begins; the first group is the address.")
    ] = ()
    lines: Annotated[Expressions, Meta(description="How a line of a log begins.")] = ()
    noise: Annotated[Expressions, Meta(description="What holds digits that are no codes.")] = ()
    evidence: Annotated[Expressions, Meta(description="Words that show that a text is of this field.")] = ()
    elsewhere: Annotated[Expressions, Meta(description="What shows that a text is of another field.")] = ()
    vague: Annotated[tuple[Line, ...], Meta(description="Codes that say nothing where another is to be had.")] = ()
    aside: Annotated[tuple[Line, ...], Meta(description="Codes of replies that follow an answer and are none.")] = ()
    shared: Annotated[tuple[Line, ...], Meta(description="Codes that other fields use too.")] = ()
    silent: Annotated[
        tuple[Slug, ...], Meta(description="Kinds of sender that others name in replies, and that send none.")
    ] = ()
    generic: Annotated[
        tuple[Slug, ...], Meta(description="Kinds of sender whose wordings others use too, and may be reported by.")
    ] = ()
    examples: Annotated[tuple[Line, ...], Meta(description="Texts to try.")] = ()


# What load makes of it


class Item(Struct, frozen=True):
    """A step, a question, or any `###` part of a section."""

    title: str
    title_html: str
    anchor: str
    line: int
    html: str


class Section(Struct, frozen=True):
    """A `##` part of a body: its own text, then its items."""

    title: str
    title_html: str
    anchor: str
    line: int
    html: str
    items: tuple[Item, ...]


class LinkUse(Struct, frozen=True):
    """A link in a body: where it stands and what it points to.

    `page` is the path of the source file that a relative link names, from `content/`,
    or None for an address of the web; `anchor` what follows `#`.
    """

    href: str
    line: int
    column: int
    page: str | None
    anchor: str


class Body(Struct, frozen=True):
    """A Markdown body as HTML parts, with what the rules need to know of it."""

    intro: str
    sections: tuple[Section, ...]
    anchors: tuple[str, ...]
    links: tuple[LinkUse, ...]


NO_BODY = Body("", (), (), ())


class Entry(Struct, frozen=True):
    """One error: its codes by part, its facts by name, its fields and its body."""

    slug: str
    source: str
    codes: dict[str, str]
    facts: dict[str, tuple[str, ...]]
    fields: EntryFields
    body: Body

    @property
    def digit(self) -> str:
        """The digit that tells its class: the first of its first code."""
        return next(iter(self.codes.values()))[0]


class Sender(Struct, frozen=True):
    slug: str
    source: str
    fields: SenderFields
    about: Body


class Article(Struct, frozen=True):
    """A topic, a guide or a page: a title, a body, and where it came from."""

    slug: str
    source: str
    fields: ArticleFields
    body: Body


class Registry(Struct, frozen=True):
    slug: str
    source: str
    fields: RegistryFields


class Lookup(Struct, frozen=True):
    source: str
    fields: LookupFields


class Content(Struct, frozen=True):
    """Everything that was read, each tuple sorted by slug."""

    site: SiteFields
    entries: tuple[Entry, ...]
    senders: tuple[Sender, ...]
    topics: tuple[Article, ...]
    guides: tuple[Article, ...]
    pages: tuple[Article, ...]
    registries: tuple[Registry, ...]
    lookup: Lookup | None = None


# What the rest of the site may know of an entry: faces, which are small, and which nothing has to be looked up in


class Said(Struct, frozen=True, array_like=True):
    """A reply, down to its wording and its own sender."""

    text: str
    sender: str | None


class Pick(Struct, frozen=True, array_like=True):
    """An author's `related`."""

    entry: str
    why: str


class FaceFields(Struct, frozen=True, array_like=True):
    """What of an entry's front matter other pages show, link, or are told apart by.

    What few ask for is unpacked when it is asked for: of ten thousand faces, that would take as long as all the rest.
    """

    title: str
    summary: str
    updated: date
    sender: str | None
    seen_from: tuple[str, ...]
    topics: tuple[str, ...]
    guides: tuple[str, ...]
    senders: tuple[str, ...]
    phrases: tuple[str, ...]
    aliases: tuple[str, ...]
    status: Literal["retired"] | None
    replaced_by: str | None
    said: Raw
    picks: Raw

    @property
    def responses(self) -> tuple[Said, ...]:
        """Its replies, each wording of a sender's once."""
        return _said(self.said)

    @property
    def related(self) -> tuple[Pick, ...]:
        """The author's own."""
        return _picks(self.picks)


_said = msgspec.msgpack.Decoder(tuple[Said, ...]).decode
_picks = msgspec.msgpack.Decoder(tuple[Pick, ...]).decode


class Face(Struct, frozen=True, array_like=True):
    """An entry without its body, its sources, and the texts of its replies."""

    slug: str
    source: str
    codes: dict[str, str]
    facts: dict[str, tuple[str, ...]]
    fields: FaceFields

    @property
    def digit(self) -> str:
        """The digit that tells its class: the first of its first code."""
        return next(iter(self.codes.values()))[0]


class Outline(Struct, frozen=True):
    """A content of which the entries are faces."""

    site: SiteFields
    entries: tuple[Face, ...]
    senders: tuple[Sender, ...]
    topics: tuple[Article, ...]
    guides: tuple[Article, ...]
    pages: tuple[Article, ...]
    registries: tuple[Registry, ...]
    lookup: Lookup | None = None


# What write takes


class Output(Struct, frozen=True):
    """A file of the site. `data` is None once it lies where it is put in place from, or where it stands already.

    `path` is relative to the output folder; `digest` is the content's BLAKE2b-128 in hex;
    `role` rules the order in which files are put in place: assets, pages, indexes.
    """

    path: str
    role: Literal["asset", "page", "index"]
    data: bytes | None
    digest: str
    size: int | None = None  # in bytes, of what was put
