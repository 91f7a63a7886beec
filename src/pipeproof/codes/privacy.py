"""Codes of personal data, PPF340 to PPF349."""

from __future__ import annotations

from pipeproof.codes.code import Code

PRIVACY = (
    Code(
        "PPF340",
        "a column cannot be replaced in this way",
        "There is no such method, or it does not go with the values: a date of birth is made coarser (`year`), "
        "since a made one would be wrong in another way.",
        "Choose one of the methods that the message lists.",
        example="pipeproof data anonymise people.csv --out safe --columns dob=fake",
    ),
    Code(
        "PPF341",
        "there is no key, or it is none",
        "Hashes and made values follow from a secret key. Without one, or with one that is easily guessed, "
        "whoever tries all telephone numbers finds the real ones again.",
        "Make a key once with `pipeproof data anonymise --new-key FILE`, keep it secret, and give it with "
        "`--key-file` or `--key-env`.",
        example="pipeproof data anonymise people.csv --out safe",
    ),
    Code(
        "PPF342",
        "no table has this column",
        "The column that is named is in none of the tables.",
        "Correct the name; the message shows the one that is most alike, or what there is.",
        example="pipeproof data anonymise people.csv --out safe --columns emial=drop",
    ),
    Code(
        "PPF343",
        "encryption is not installed",
        "The encrypted store needs the package cryptography, which the core does without.",
        "Install it: `pip install 'pipeproof[privacy]'`.",
        example='Vault("downloads", key)     # without the extra',
    ),
    Code(
        "PPF344",
        "what is encrypted cannot be opened",
        "The key is another one than it was encrypted with, or the file was changed or cut short since. The two "
        "cannot be told apart, on purpose.",
        "Use the key that it was put in with; if it is lost or the file is damaged, download the data again.",
        example='Vault("downloads", other_key).open("people.parquet")',
    ),
    Code(
        "PPF345",
        "it is not in the encrypted store",
        "Nothing is kept under this name and key, or its time was over and it is gone.",
        "See what there is with `Vault.list()`, or download it again.",
        example='Vault("downloads", key).open("poeple.parquet")',
    ),
    Code(
        "PPF346",
        "it is not said who is to be forgotten",
        "A person is named by a column and a value, `customer_id=C-1`; an empty value would name all of whom "
        "nothing is known.",
        "Write `--key COLUMN=VALUE`.",
        example="pipeproof data forget --key C-1",
    ),
    Code(
        "PPF347",
        "not all of a person could be removed",
        "Something could not be read, or the second look still found the person. It is listed; the rest was removed.",
        "See to what is listed and forget again: what is gone already does no harm.",
        example="pipeproof data forget --key customer_id=C-1 --in exports     # with a file that is encrypted",
    ),
    Code(
        "PPF348",
        "a run is going on",
        "A run that goes on may read what is to be removed, or write it again.",
        "Wait until it has ended, or stop it.",
        example="pipeproof data forget --key customer_id=C-1     # while `pipeproof run` works",
    ),
)
