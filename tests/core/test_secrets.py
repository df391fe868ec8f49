from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from config.secrets import load_or_make_key, secret


def test_a_secret_is_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("API_TOKEN", "swordfish")
    assert secret("API_TOKEN") == "swordfish"


def test_a_file_wins_over_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("from the file\n")
    monkeypatch.setenv("API_TOKEN", "swordfish")
    monkeypatch.setenv("API_TOKEN_FILE", str(tmp_path / "token"))
    assert secret("API_TOKEN") == "from the file"


def test_an_unset_secret_is_empty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("API_TOKEN", raising=False)
    assert secret("API_TOKEN") == ""


def test_a_named_file_that_is_missing_stops_the_start(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("API_TOKEN_FILE", str(tmp_path / "absent"))
    with pytest.raises(FileNotFoundError):
        secret("API_TOKEN")


def test_the_key_is_made_once_and_only_its_owner_may_read_it(tmp_path: Path) -> None:
    made = load_or_make_key(tmp_path / "key")
    assert len(made) >= 50
    assert load_or_make_key(tmp_path / "key") == made
    assert (tmp_path / "key").stat().st_mode & 0o777 == 0o600


def test_processes_that_start_together_agree_on_one_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        keys = set(pool.map(load_or_make_key, [tmp_path / "key"] * 8))
    assert len(keys) == 1
