"""Processes that share DATA_DIR keep an index each."""

from pathlib import Path

import pytest

from bot.errors import NewsflashError
from bot.search.folders import own_folder


def test_each_process_has_a_folder_that_it_finds_again(tmp_path: Path) -> None:
    with own_folder(tmp_path) as first, own_folder(tmp_path) as second:
        assert [first.name, second.name] == ["search", "search-2"]
    with own_folder(tmp_path) as again:
        assert again == first


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "search").write_text("in the way")
    with pytest.raises(NewsflashError, match="search cannot be used"), own_folder(tmp_path):
        pass
