"""The sealer's key, and a ticket's proof as a file."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from eventstore.sealing.keys import SealingKey
from eventstore.sealing.proof import ProofRefused
from runtime.sealing import begin_chain, check_proof_file, parse_keys, published_keys, sealing_key
from runtime.settings import Settings, SettingsRefused
from tests.databases import SECRET_KEY

OWNER_ALONE = 0o600
SEAL_KEY = "a secret of the sealer's own, long enough"


def settings(folder: Path, **others: object) -> Settings:
    return Settings.model_validate({"secret_key": SecretStr(SECRET_KEY), "data": folder, **others})


class TestKey:
    def test_given_none_then_one_is_made_once_for_its_owner_alone(self, tmp_path: Path) -> None:
        made = sealing_key(settings(tmp_path))
        assert sealing_key(settings(tmp_path)).id == made.id
        assert sealing_key(settings(tmp_path / "another")).id != made.id
        assert (tmp_path / "seal-key").stat().st_mode & 0o777 == OWNER_ALONE

    def test_given_one_then_it_is_used_and_nothing_is_kept(self, tmp_path: Path) -> None:
        key = sealing_key(settings(tmp_path, seal_key=SecretStr(SEAL_KEY)))
        assert key.id == SealingKey(SEAL_KEY).id
        assert list(tmp_path.iterdir()) == []

    def test_given_public_keys_that_were_typed_then_they_are_known_by_their_ids(self) -> None:
        key = SealingKey(SEAL_KEY)
        assert parse_keys([key.public.hex()]) == {key.id: key.public}
        for none in ("", "ab", "x" * 64):
            with pytest.raises(SettingsRefused, match="64 hexadecimal digits"):
                parse_keys([none])


class TestSecondPlace:
    def test_given_no_setting_then_it_lies_in_the_data_folder(self, tmp_path: Path) -> None:
        assert settings(tmp_path).seal_archive == tmp_path / "seals"
        assert settings(tmp_path, seals=tmp_path / "mount").seal_archive == tmp_path / "mount"

    def test_given_a_new_chain_then_the_reason_is_kept_beside_it(self, tmp_path: Path) -> None:
        begin_chain(settings(tmp_path), "restored from the backup of Monday")
        (chain,) = (tmp_path / "seals").iterdir()
        assert (chain / "reason").read_text() == "restored from the backup of Monday"


class TestChecked:
    def test_given_a_file_that_is_no_proof_or_no_key_then_it_is_refused(self, tmp_path: Path) -> None:
        file, key = tmp_path / "proof.json", SealingKey(SEAL_KEY)
        file.write_text("no JSON")
        with pytest.raises(ProofRefused, match="is not JSON"):
            check_proof_file(file, {key.id: key.public})
        with pytest.raises(ProofRefused, match="No public key is trusted"):
            check_proof_file(file, published_keys(tmp_path))
