"""Names of what is private: the same for logs and for what is explained."""

import pytest

from pipeproof.loading.private import is_private


@pytest.mark.parametrize(
    "name",
    [
        "password", "DB_PASSWORD", "PGPASSWORD", "SMTP_PASSWD", "passphrase", "KEY_PASSPHRASE", "API_TOKEN",
        "GITHUB_TOKEN2", "client_secret", "AWS_SECRET_ACCESS_KEY", "api-key", "APIKEY", "private_key_path",
        "GOOGLE_APPLICATION_CREDENTIALS", "credential", "${MY_TOKEN:-x}",
    ],
)  # fmt: skip
def test_what_stands_for_a_secret_is_private(name):
    assert is_private(name)


@pytest.mark.parametrize("name", ["PWD", "OLDPWD", "tokenizer", "max_tokens", "secretary", "key", "keyboard"])
def test_other_names_are_not(name):
    assert not is_private(name)
