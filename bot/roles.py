"""The roles of a process: what it runs of the whole. Standard library only."""

from enum import StrEnum

from bot.errors import ConfigurationError


class Role(StrEnum):
    """As `newsflash run --roles` names them."""

    POLL = "poll"
    DESK = "desk"
    DELIVER = "deliver"
    COMMANDS = "commands"
    WEB = "web"


ALL_ROLES = frozenset(Role)


def parse_roles(text: str) -> frozenset[Role]:
    """`poll,desk` as roles. Raises ConfigurationError naming those that do not exist."""
    names = [name.strip() for name in text.split(",") if name.strip()]
    wrong = [name for name in names if name not in set(Role)]
    if wrong or not names:
        known = ", ".join(Role)
        raise ConfigurationError([f"--roles: expected some of {known}, not {', '.join(wrong)}"])
    return frozenset(Role(name) for name in names)
