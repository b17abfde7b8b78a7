"""Inline mode from the person's side: searching with the bot in any chat, and posting a result.

Answers are kept for their cache time, as Telegram does: the same search again does not reach the
bot, for everybody or (is_personal) for the same person.
"""

import secrets
from collections import OrderedDict

from sandbox.actions import answered, find_joined_chat, headed
from sandbox.chats import Message
from sandbox.values import JsonObject, Mistake
from sandbox.world import World

ANSWERS_KEPT = 2_000
RESULTS_KEPT = 5_000

AnswerKey = tuple[int | None, str, str]


class Inline:
    """The inline searches of all people."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._answers: OrderedDict[AnswerKey, tuple[float, JsonObject]] = OrderedDict()
        self._results: OrderedDict[tuple[int, str, str], JsonObject] = OrderedDict()

    async def search(
        self, person_id: int, chat_id: int, query: str, offset: str = ""
    ) -> JsonObject:
        """Ask the bot; empty results when it does not answer within ten seconds."""
        chat = find_joined_chat(self._world, person_id, chat_id)
        answer = self._cached(person_id, query, offset)
        if answer is None:
            opened = self._world.queries.open("inline", person_id)
            content = {
                "id": opened.id,
                "from": self._world.people[person_id].user(),
                "query": query[:256],
                "offset": offset,
                "chat_type": "sender" if chat.kind == "private" else chat.kind,
            }
            self._world.updates.put("inline_query", content, f"person:{person_id}")
            answer = await answered(opened.answer)
            if answer is None:
                return {"results": [], "next_offset": ""}
            self._keep(person_id, query, offset, answer)
        for result in answer["results"]:
            self._results[(person_id, query, result["id"])] = result
        while len(self._results) > RESULTS_KEPT:
            self._results.popitem(last=False)
        return {
            "results": [_shown(result) for result in answer["results"]],
            "next_offset": answer["next_offset"],
            "button": answer["button"],
        }

    def choose(
        self, person_id: int, chat_id: int, query: str, result_id: str, thread: int | None = None
    ) -> Message:
        """Post a result of an earlier search in a chat; the bot hears of its choice."""
        world = self._world
        result = self._results.get((person_id, query, result_id))
        if result is None:
            raise Mistake("Search first: there is no such result.", 404)
        chat = find_joined_chat(world, person_id, chat_id)
        content = headed(world, chat, person_id, thread)
        content |= {"via_bot": world.bot.user(), **result["message"]}
        picture = None
        if result["type"] == "photo" and "text" not in content:
            picture = str(result["photo_url"])
            content["photo"] = self._photo(picture)
        inline_message_id = None
        if result["reply_markup"] is not None:
            content["reply_markup"] = result["reply_markup"]
            inline_message_id = secrets.token_urlsafe(16)
        options = content.get("link_preview_options", {})
        message = world.post(
            chat,
            person_id,
            content,
            preview=world.previews.preview(
                content.get("text", ""), content.get("entities", []), options
            ),
            picture=picture,
            inline_message_id=inline_message_id,
        )
        world.announce(chat, message)
        self._tell_choice(person_id, query, result_id, message)
        return message

    def _photo(self, address: str) -> list[JsonObject]:
        stored = self._world.files.add("photos", "photo.jpg", "image/jpeg", address=address)
        return [
            {
                "file_id": stored.file_id,
                "file_unique_id": stored.unique_id,
                "width": 1280,
                "height": 720,
            }
        ]

    def _tell_choice(self, person_id: int, query: str, result_id: str, message: Message) -> None:
        choice: JsonObject = {
            "result_id": result_id,
            "from": self._world.people[person_id].user(),
            "query": query,
        }
        if message.inline_message_id is not None:
            self._world.remember_inline(message.inline_message_id, message.chat_id, message.id)
            choice["inline_message_id"] = message.inline_message_id
        self._world.updates.put("chosen_inline_result", choice, f"person:{person_id}")

    def _cached(self, person_id: int, query: str, offset: str) -> JsonObject | None:
        now = self._world.clock()
        for owner in (person_id, None):
            kept = self._answers.get((owner, query, offset))
            if kept is not None and kept[0] > now:
                return kept[1]
        return None

    def _keep(self, person_id: int, query: str, offset: str, answer: JsonObject) -> None:
        owner = person_id if answer["is_personal"] else None
        until = self._world.clock() + answer["cache_time"]
        self._answers[(owner, query, offset)] = (until, answer)
        while len(self._answers) > ANSWERS_KEPT:
            self._answers.popitem(last=False)


def _shown(result: JsonObject) -> JsonObject:
    """A result for the chat client: as the bot gave it, with the message it would post."""
    return {key: value for key, value in result.items() if value is not None}
