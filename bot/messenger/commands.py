"""For whom a list of commands is shown (Bot API, BotCommandScope)."""

from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never

from telegram import (
    BotCommandScope,
    BotCommandScopeAllChatAdministrators,
    BotCommandScopeAllGroupChats,
    BotCommandScopeAllPrivateChats,
    BotCommandScopeChat,
    BotCommandScopeChatAdministrators,
    BotCommandScopeDefault,
)

from bot.models.identifiers import Address


class Audience(StrEnum):
    """Telegram's scopes, narrower ones winning over wider ones."""

    EVERYONE = "everyone"
    PRIVATE = "private"
    GROUPS = "groups"
    GROUP_ADMINS = "group admins"
    CHAT = "chat"
    """One chat; an operator's private chat, for example."""
    CHAT_ADMINS = "chat admins"


@dataclass(frozen=True, slots=True)
class CommandScope:
    """An audience; `chat` for CHAT and CHAT_ADMINS only."""

    audience: Audience = Audience.EVERYONE
    chat: Address | None = None


def telegram_scope(scope: CommandScope) -> BotCommandScope:
    """The scope as python-telegram-bot knows it; ValueError when its chat is missing."""
    match scope.audience:
        case Audience.EVERYONE:
            return BotCommandScopeDefault()
        case Audience.PRIVATE:
            return BotCommandScopeAllPrivateChats()
        case Audience.GROUPS:
            return BotCommandScopeAllGroupChats()
        case Audience.GROUP_ADMINS:
            return BotCommandScopeAllChatAdministrators()
        case Audience.CHAT:
            return BotCommandScopeChat(_chat(scope))
        case Audience.CHAT_ADMINS:
            return BotCommandScopeChatAdministrators(_chat(scope))
    assert_never(scope.audience)


def _chat(scope: CommandScope) -> Address:
    if scope.chat is None:
        raise ValueError(f"the scope {scope.audience} needs a chat")
    return scope.chat
