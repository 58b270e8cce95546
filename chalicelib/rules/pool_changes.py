"""Changes of what a user pool never changes in Cognito: which may be asked for, what they make of it, what clashes.

Owns the wanted settings, the schema after a change, and the faults that a user or a client has under it. Leaves how
names move from one era to the next to `eras`, and doing it to the flow of pool changes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

from chalicelib.errors import InvalidParameterException, NotAuthorizedException
from chalicelib.rules import attributes, eras, filters, names, schema

Settings = Mapping[str, Any]
Document = dict[str, Any]
Definition = dict[str, Any]
Values = Mapping[str, str]

MEMBERS: Final = (
    "UsernameAttributes", "AliasAttributes", "CaseSensitive", "RequiredAttributes", "AttributeTypes",
    "SearchableAttributes",
)  # fmt: skip
"""What may be wanted, in the wire's spelling."""

MOST_NAMED: Final = 100
"""Clashes and lacks that a change names one by one; all are counted."""

LOOKS_LIKE_ANOTHER: Final = "USERNAME_LOOKS_LIKE_ANOTHER"
"""The reason of a fault that lies in a name which could be taken for somebody else's."""

_LIMITS: Final = {"String": "StringAttributeConstraints", "Number": "NumberAttributeConstraints"}


class Person(NamedTuple):
    """What the rules ask of a user."""

    sub: str
    username: str
    attributes: Values


class Fault(NamedTuple):
    """Why a change does not suit a user or a client: the attribute, the reason as a word, and as a sentence."""

    attribute: str
    reason: str
    message: str


def wanted(document: Settings, ours: Settings | None, given: Settings) -> Document:
    """What a request asks for, found to make sense in the pool as it is. Raises InvalidParameterException."""
    asked = {member: given[member] for member in MEMBERS if member in given}
    if not asked:
        raise InvalidParameterException(f"At least one of {', '.join(MEMBERS)} is needed.")
    for member in ("UsernameAttributes", "AliasAttributes", "SearchableAttributes"):
        if member in asked:
            asked[member] = list(dict.fromkeys(asked[member]))
    names_after(document, asked)
    schema_after(document, asked)
    _refuse_search(document, ours, asked.get("SearchableAttributes", []))
    return asked


def names_after(document: Settings, asked: Settings) -> Document | None:
    """The settings of names after a change; None when it leaves them as they are. Raises InvalidParameterException."""
    before = eras.settings_of(document)
    after = before | {member: asked[member] for member in ("UsernameAttributes", "AliasAttributes") if member in asked}
    if "CaseSensitive" in asked:
        after["UsernameConfiguration"] = {"CaseSensitive": asked["CaseSensitive"]}
    after = {member: value for member, value in after.items() if value}
    if after.get("UsernameAttributes") and after.get("AliasAttributes"):
        raise InvalidParameterException(
            "Only one of UsernameAttributes and AliasAttributes can be set; empty the other one in the same change."
        )
    return None if _meaning(before) == _meaning(after) else after


def _meaning(settings: Settings) -> tuple[frozenset[str], frozenset[str], bool]:
    lists = (frozenset(settings.get(member, ())) for member in ("UsernameAttributes", "AliasAttributes"))
    return (*lists, names.is_case_sensitive(settings))  # type: ignore[return-value]


def schema_after(document: Settings, asked: Settings) -> list[Definition]:
    """The attributes of the pool after a change. Raises InvalidParameterException."""
    entries = {entry["Name"]: entry for entry in document["SchemaAttributes"]}
    for given in asked.get("AttributeTypes", ()):
        current = _changeable(entries, given["Name"])
        entries[given["Name"]] = _redefined(current, given)
    for given in asked.get("RequiredAttributes", ()):
        current = _changeable(entries, given["Name"])
        if given["Required"] and current["DeveloperOnlyAttribute"]:
            raise InvalidParameterException(f"{given['Name']}: Clients cannot write it, so nobody could sign up.")
        entries[given["Name"]] = current | {"Required": given["Required"]}
    aliases = asked.get("AliasAttributes", document.get("AliasAttributes", ()))
    if entries["preferred_username"]["Required"] and "preferred_username" in aliases:
        raise InvalidParameterException("preferred_username cannot be both a required attribute and an alias.")
    return list(entries.values())


def after(document: Settings, asked: Settings, now: float) -> Document:
    """The document after a change, but for names."""
    return dict(document) | {"SchemaAttributes": schema_after(document, asked), "LastModifiedDate": round(now, 3)}


def _changeable(entries: Mapping[str, Definition], name: str) -> Definition:
    attributes.require_known(list(entries.values()), [name])
    if name in attributes.NEVER_BY_CLIENTS:
        raise InvalidParameterException(f"{name}: This attribute cannot be changed.")
    return entries[name]


def _redefined(current: Definition, given: Settings) -> Definition:
    """A definition with what is given of it; bounds stay where the type does."""
    name, kind = current["Name"], given.get("AttributeDataType", current["AttributeDataType"])
    for other, member in _LIMITS.items():
        if member in given and other != kind:
            raise InvalidParameterException(f"{name}: {member} do not belong to the type {kind}.")
    limits = _LIMITS.get(kind, "")
    kept = current if kind == current["AttributeDataType"] else {}
    entry = {
        "Name": name.removeprefix(schema.DEVELOPER_ONLY).removeprefix(schema.CUSTOM),
        "AttributeDataType": kind,
        "DeveloperOnlyAttribute": current["DeveloperOnlyAttribute"],
        "Mutable": given.get("Mutable", current["Mutable"]),
        **({limits: given.get(limits, kept.get(limits, {}))} if limits else {}),
    }
    made = schema.extended([], [entry]) if schema.is_custom(name) else schema.created([entry])
    return next(one for one in made if one["Name"] == name) | {"Required": current["Required"]}


def _refuse_search(document: Settings, ours: Settings | None, listed: list[str]) -> None:
    attributes.require_known(document["SchemaAttributes"], listed)
    if known := [name for name in listed if name in filters.STANDARD]:
        raise InvalidParameterException(f"{known[0]}: Every user pool can search this attribute.")
    if len({*listed, *filters.added(ours, "searchable")}) > filters.MOST_ADDED:
        raise InvalidParameterException(
            f"At most {filters.MOST_ADDED} attributes can be made searchable, those counted that are until now."
        )


def retyped(document: Settings, asked: Settings) -> list[Definition]:
    """The definitions that values have to fit after a change and need not fit before it."""
    before = {entry["Name"]: entry for entry in document["SchemaAttributes"]}
    members = ("AttributeDataType", *_LIMITS.values())
    return [
        entry
        for entry in schema_after(document, asked)
        if any(entry.get(member) != before[entry["Name"]].get(member) for member in members)
    ]


def newly_required(document: Settings, asked: Settings) -> list[str]:
    """The attributes that a change makes required."""
    before = {entry["Name"] for entry in document["SchemaAttributes"] if entry["Required"]}
    return [one["Name"] for one in schema_after(document, asked) if one["Required"] and one["Name"] not in before]


def value_faults(definitions: Iterable[Definition], person: Person) -> list[Fault]:
    """The values of a user that do not fit these definitions. The values themselves are not told."""
    faults = []
    for definition in definitions:
        name = definition["Name"]
        try:
            attributes.accepted([definition], {name: person.attributes.get(name, "")})
        except InvalidParameterException as refused:
            faults.append(Fault(name, "VALUE_DOES_NOT_FIT", refused.message.rpartition(f"{name}: ")[2].strip()))
    return faults


def normal(definitions: Iterable[Definition], person: Person) -> dict[str, str]:
    """The values of a user that these definitions write in another way, in that way; none that does not fit."""
    written: dict[str, str] = {}
    for definition in definitions:
        if definition["Name"] in person.attributes and not value_faults([definition], person):
            held = {definition["Name"]: person.attributes[definition["Name"]]}
            written |= attributes.accepted([definition], held)
    return {name: value for name, value in written.items() if value != person.attributes[name]}


def name_faults(settings: Settings, person: Person) -> list[Fault]:
    """Why a user cannot have the names that these settings call for, as far as the user alone tells."""
    faults: list[Fault] = []
    by_address = settings.get("UsernameAttributes") or []
    if by_address and not any(person.attributes.get(kind) for kind in by_address):
        sentence = "The user has no address that could be the name to sign in with."
        faults.append(Fault(by_address[0], "ADDRESS_MISSING", sentence))
    if problem := names.kept_username_problem(settings, *person):
        faults.append(Fault("username", LOOKS_LIKE_ANOTHER, problem))
    preferred = person.attributes.get("preferred_username")
    if preferred and "preferred_username" in (settings.get("AliasAttributes") or []):
        problem = names.preferred_name_problem(settings, preferred)
        faults += [Fault("preferred_username", LOOKS_LIKE_ANOTHER, problem)] if problem else []
    return faults


def is_left_nameless(settings: Settings, person: Person) -> bool:
    """Whether these settings leave a user whose username was generated no name to sign in with but that."""
    if names.has_generated_usernames(settings) or person.username != person.sub:
        return False
    return [kind for kind, _ in names.guards(settings, person.username, person.attributes)] == ["username"]


def taken(attribute: str) -> Fault:
    """The fault of a user whose name another user has under the wanted settings."""
    return Fault(attribute, "NAME_TAKEN", f"Another user has the same {attribute} under these settings.")


def unwritable(required: Iterable[str], write_list: Iterable[str] | None) -> list[Fault]:
    """The attributes without which nobody could sign up and that a client may not write."""
    faults = []
    for name in required:
        try:
            attributes.require_writable([name], write_list)
        except NotAuthorizedException:
            sentence = "The client may not write it, so nobody could sign up with this client."
            faults.append(Fault(name, "CLIENT_CANNOT_WRITE", sentence))
    return faults
