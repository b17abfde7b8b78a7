"""What the bot says about itself: commands by scope and language, names, texts, menu buttons.

The order in which Telegram looks for a person's commands is the Bot API's ("Determining list of
commands"): the narrowest scope first, in each the person's language before the default one.
"""

from dataclasses import dataclass, field

from sandbox.people import Member
from sandbox.values import JsonObject

ScopeKey = tuple[str, int | None, int | None]


@dataclass(slots=True)
class Profile:
    """Commands by (scope, language), texts by (kind, language), menu buttons by private chat."""

    commands: dict[tuple[ScopeKey, str], list[JsonObject]] = field(default_factory=dict)
    texts: dict[tuple[str, str], str] = field(default_factory=dict)
    menu_buttons: dict[int | None, JsonObject] = field(default_factory=dict)
    default_rights: dict[bool, JsonObject] = field(default_factory=dict)

    def text(self, kind: str, language: str) -> str:
        """A text ("name", "description", "short_description") in a language or the default."""
        return self.texts.get((kind, language)) or self.texts.get((kind, ""), "")

    def menu_button(self, chat_id: int | None) -> JsonObject:
        """The menu button of a private chat, or the default one."""
        return self.menu_buttons.get(chat_id) or self.menu_buttons.get(None) or {"type": "default"}

    def commands_for(
        self, kind: str, chat_id: int, member: Member, person_id: int, language: str
    ) -> list[JsonObject]:
        """The commands that a person sees in a chat of a kind ("private", "group"...)."""
        for scope in _scopes(kind, chat_id, member, person_id):
            for wanted in (language, ""):
                found = self.commands.get((scope, wanted))
                if found:
                    return found
        return []


def _scopes(kind: str, chat_id: int, member: Member, person_id: int) -> list[ScopeKey]:
    default: ScopeKey = ("default", None, None)
    if kind == "private":
        return [("chat", chat_id, None), ("all_private_chats", None, None), default]
    scopes: list[ScopeKey] = [("chat_member", chat_id, person_id)]
    if member.administers:
        scopes.append(("chat_administrators", chat_id, None))
    scopes.append(("chat", chat_id, None))
    if member.administers:
        scopes.append(("all_chat_administrators", None, None))
    return [*scopes, ("all_group_chats", None, None), default]
