"""Who counts as being in a chat, by what the Bot API says of them."""

import pytest
from telegram import ChatMember

from bot.messenger.members import belongs

NO_RIGHTS = dict.fromkeys(
    (
        "can_send_messages",
        "can_send_audios",
        "can_send_documents",
        "can_send_photos",
        "can_send_videos",
        "can_send_video_notes",
        "can_send_voice_notes",
        "can_send_polls",
        "can_send_other_messages",
        "can_add_web_page_previews",
        "can_change_info",
        "can_invite_users",
        "can_pin_messages",
        "can_manage_topics",
        "can_edit_tag",
        "can_react_to_messages",
    ),
    False,
)


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ({"status": "member"}, True),
        ({"status": "creator", "is_anonymous": False}, True),
        ({"status": "restricted", "is_member": True, "until_date": 0, **NO_RIGHTS}, True),
        ({"status": "restricted", "is_member": False, "until_date": 0, **NO_RIGHTS}, False),
        ({"status": "left"}, False),
        ({"status": "kicked", "until_date": 0}, False),
    ],
)
def test_a_restricted_person_may_have_left(told: dict[str, object], expected: bool) -> None:
    user = {"id": 7, "is_bot": False, "first_name": "Max"}
    assert belongs(ChatMember.de_json({"user": user, **told})) is expected
