"""The JSON Schemas with which editors complete and validate content, made from the model's types and site.yaml."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from errordocs.model import ArticleFields
from errordocs.model import EntryFields
from errordocs.model import LookupFields
from errordocs.model import RegistryFields
from errordocs.model import SenderFields
from errordocs.model import SiteFields

KINDS = {
    "entry": (EntryFields, "Front matter of content/errors/**/*.md"),
    "article": (ArticleFields, "Front matter of content/topics, guides and pages"),
    "sender": (SenderFields, "content/senders/*.yaml"),
    "registry": (RegistryFields, "content/registry/*.yaml"),
    "site": (SiteFields, "content/site.yaml"),
    "lookup": (LookupFields, "content/lookup.yaml"),
}


def schemas(site: SiteFields) -> dict[str, str]:
    """File name and text of each schema, in draft-07, which editors read most widely."""
    return {f"{name}.schema.json": _text(_schema(name, site)) for name in KINDS}


def _schema(name: str, site: SiteFields) -> dict[str, Any]:
    kind, title = KINDS[name]
    (root,), parts = msgspec.json.schema_components([kind], ref_template="#/definitions/{name}")
    own = parts.pop(root["$ref"].rpartition("/")[2])
    if name == "entry":
        _add_site_fields(own, site)
    if name == "sender":
        own["properties"]["kind"] |= {"enum": list(site.sender_kinds)}
        parts["ContactLink"]["properties"]["purpose"] |= {"enum": list(site.link_purposes)}
    made = {"$schema": "http://json-schema.org/draft-07/schema#", **own, "title": title, "definitions": parts}
    return dict(_for_editors(made))


def _add_site_fields(own: dict[str, Any], site: SiteFields) -> None:
    """The parts of a code and the facts, which site.yaml declares; they come first, as authors write them."""
    parts = {
        part.name: {"type": "string", "pattern": f"^(?:{part.pattern})$", "description": part.help}
        for part in site.parts
    }
    facts: dict[str, Any] = {}
    for fact in site.facts:
        words = "\n".join(f"{value}: {words}" for value, words in fact.values.items())
        one = {"enum": list(fact.values), "description": f"{fact.help}.\n{words}"}
        facts[fact.name] = {"type": "array", "items": one, "minItems": 1} if fact.many == "yes" else one
    own["properties"] = {**parts, **own["properties"], **facts}
    own["anyOf"] = [{"required": [part.name]} for part in site.parts]
    defaulted = {name for c in site.classes for name in c.defaults}  # the build asks for it in the other classes
    own["required"] = own["required"] + [f.name for f in site.facts if f.required == "yes" and f.name not in defaulted]


def _for_editors(value: Any) -> Any:
    """What our loader reads as text an editor may read as a number: `554` is as good as `"554"`."""
    if isinstance(value, dict):
        made = {key: _for_editors(inner) for key, inner in value.items() if key != "default" or inner is not None}
        if made.get("type") == "string" and "pattern" in made:
            made["type"] = ["string", "number"]
        return made
    return [_for_editors(inner) for inner in value] if isinstance(value, list) else value


def _text(schema: dict[str, Any]) -> str:
    return json.dumps(schema, ensure_ascii=False, indent=2) + "\n"
