"""The Bot API's methods by which the bot describes itself, and the one that finds its files.

Limits (Bot API, setMyCommands and others): 100 commands, names of 1 to 32 of [a-z0-9_],
descriptions of 1 to 256; name 64, description 512, short description 120 characters.
"""

import re
from collections.abc import Callable
from typing import Any

from sandbox.access import Call, find_chat
from sandbox.profile import ScopeKey
from sandbox.values import JsonObject, bad_request

COMMANDS_LIMIT = 100
_COMMAND = re.compile(r"[a-z0-9_]{1,32}")
_LANGUAGE = re.compile(r"(?:[a-z]{2})?")
_PLAIN_SCOPES = frozenset(
    {"default", "all_private_chats", "all_group_chats", "all_chat_administrators"}
)
_CHAT_SCOPES = frozenset({"chat", "chat_administrators", "chat_member"})


def set_my_commands(call: Call) -> bool:
    """setMyCommands: answers True."""
    given = call.arguments.nested("commands", "commands")
    if not isinstance(given, list):
        raise bad_request("can't parse commands: expected an Array of BotCommand")
    if len(given) > COMMANDS_LIMIT:
        raise bad_request("BOT_COMMANDS_TOO_MUCH")
    commands = [_command(command) for command in given]
    call.world.profile.commands[(_scope(call), _language(call))] = commands
    call.world.events.commands()
    return True


def get_my_commands(call: Call) -> list[JsonObject]:
    """getMyCommands: answers the BotCommands of exactly this scope and language."""
    return call.world.profile.commands.get((_scope(call), _language(call)), [])


def delete_my_commands(call: Call) -> bool:
    """deleteMyCommands: answers True."""
    call.world.profile.commands.pop((_scope(call), _language(call)), None)
    call.world.events.commands()
    return True


def _command(given: Any) -> JsonObject:
    if not isinstance(given, dict):
        raise bad_request("can't parse BotCommand: expected an Object")
    name = str(given.get("command", "")).removeprefix("/")
    description = str(given.get("description", "")).strip()
    if not _COMMAND.fullmatch(name):
        raise bad_request("BOT_COMMAND_INVALID")
    if not 1 <= len(description) <= 256:
        raise bad_request("BOT_COMMAND_DESCRIPTION_INVALID")
    return {"command": name, "description": description}


def _scope(call: Call) -> ScopeKey:
    scope = call.arguments.table("scope", "BotCommandScope")
    kind = scope.get("type", "default")
    if kind in _PLAIN_SCOPES:
        return (kind, None, None)
    if kind not in _CHAT_SCOPES:
        raise bad_request("can't parse BotCommandScope: unsupported type specified")
    chat = find_chat(call.world, str(scope.get("chat_id", "")))
    if chat.kind == "private" and kind != "chat":
        raise bad_request("can't use specified scope in private chats")
    if chat.kind == "channel":
        raise bad_request("can't change commands in channel chats")
    person = int(scope.get("user_id", 0)) if kind == "chat_member" else None
    return (kind, chat.id, person)


def _language(call: Call) -> str:
    language = call.arguments.text("language_code")
    if not _LANGUAGE.fullmatch(language):
        raise bad_request("invalid language code specified")
    return language


def _text_setter(kind: str, limit: int) -> Callable[[Call], bool]:
    """The method that sets a text of the profile; empty text deletes a translation."""

    def set_text(call: Call) -> bool:
        text = call.arguments.text(kind).strip()
        if len(text) > limit:
            raise bad_request(f"{kind.replace('_', ' ')} is too long")
        call.world.profile.texts[(kind, _language(call))] = text
        return True

    return set_text


def _text_getter(kind: str) -> Callable[[Call], JsonObject]:
    """The method that answers a text of the profile."""

    def get_text(call: Call) -> JsonObject:
        text = call.world.profile.text(kind, _language(call))
        return {kind: text or (call.world.bot.first_name if kind == "name" else "")}

    return get_text


def set_chat_menu_button(call: Call) -> bool:
    """setChatMenuButton: answers True."""
    button = call.arguments.table("menu_button", "MenuButton") or {"type": "default"}
    if button.get("type") not in ("default", "commands", "web_app"):
        raise bad_request("can't parse menu button: unsupported type specified")
    call.world.profile.menu_buttons[_menu_chat(call)] = button
    call.world.events.commands()
    return True


def get_chat_menu_button(call: Call) -> JsonObject:
    """getChatMenuButton: answers a MenuButton."""
    return call.world.profile.menu_button(_menu_chat(call))


def _menu_chat(call: Call) -> int | None:
    chat_id = call.arguments.number("chat_id")
    if chat_id and chat_id not in call.world.people:
        raise bad_request("chat not found")
    return chat_id or None


def set_default_administrator_rights(call: Call) -> bool:
    """setMyDefaultAdministratorRights: answers True."""
    rights = call.arguments.table("rights", "ChatAdministratorRights")
    call.world.profile.default_rights[call.arguments.flag("for_channels")] = rights
    return True


def get_file(call: Call) -> JsonObject:
    """getFile: answers a File whose path the file address takes."""
    stored = call.world.files.by_id(call.arguments.text("file_id"))
    if stored is None:
        raise bad_request("invalid file_id")
    if len(stored.content) > 20 * 1024 * 1024:
        raise bad_request("file is too big")
    return stored.described()


METHODS: dict[str, Callable[[Call], object]] = {
    "setMyCommands": set_my_commands,
    "getMyCommands": get_my_commands,
    "deleteMyCommands": delete_my_commands,
    "setMyName": _text_setter("name", 64),
    "getMyName": _text_getter("name"),
    "setMyDescription": _text_setter("description", 512),
    "getMyDescription": _text_getter("description"),
    "setMyShortDescription": _text_setter("short_description", 120),
    "getMyShortDescription": _text_getter("short_description"),
    "setChatMenuButton": set_chat_menu_button,
    "getChatMenuButton": get_chat_menu_button,
    "setMyDefaultAdministratorRights": set_default_administrator_rights,
    "getFile": get_file,
}
