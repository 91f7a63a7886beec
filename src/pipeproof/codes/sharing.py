"""Codes of objects that are kept in a bucket, and of clearing away, PPF55x."""

from __future__ import annotations

from pipeproof.codes.code import Code

SHARING = (
    Code(
        "PPF550",
        "the address of the object store is wrong",
        "The kind of store is unknown, there is no bucket, an option is unknown, the prefix leads out of the "
        "bucket, or a key stands in the address.",
        "Write s3://BUCKET/PREFIX, gs://BUCKET/PREFIX, file:///FOLDER or local. Keys belong into the environment.",
        example="store: {objects: 's4://bucket/pipeproof'}     # in pipeproof.yaml",
    ),
    Code(
        "PPF551",
        "a package for the object store is missing",
        "S3 and Google Cloud Storage are reached through packages that are installed when they are wanted.",
        "pip install 'pipeproof[s3]' or 'pipeproof[gcs]'.",
        example="store: {objects: 's3://bucket/pipeproof'}     # without pipeproof[s3]",
    ),
    Code(
        "PPF552",
        "the object store cannot be reached",
        "There is no server, or it gave no answer within 4 seconds. Content gets longer, as it has to travel.",
        "See that the server runs and that this machine reaches it. With `fallback: local` runs go on without it.",
        example="store: {objects: 's3://bucket/x?endpoint=http://localhost:1'}     # nobody listens there",
    ),
    Code(
        "PPF553",
        "the object store refuses",
        "There are no credentials, they are wrong or out of date, or they do not permit this. Reading and listing "
        "are needed, and writing; removing for `pipeproof gc --remote` alone. No key is ever shown.",
        "Set the credentials as the tools of the provider want them, and see to the permissions of the bucket.",
        example="AWS_ACCESS_KEY_ID=wrong pipeproof run flights",
    ),
    Code(
        "PPF554",
        "there is no such bucket",
        "The server answers, and knows no bucket of this name. Buckets are never made unasked.",
        "Make the bucket, or check its name.",
        example="store: {objects: 's3://no-such-bucket'}     # in pipeproof.yaml",
    ),
    Code(
        "PPF555",
        "objects are kept locally, as the object store was lost",
        "The object store could not be reached, and the settings say `fallback: local`: what the run made is in "
        "the project's folder alone, and other machines do not find it.",
        "See to the object store; what is made again is uploaded then.",
        example="store: {objects: 's3://bucket/x?endpoint=http://localhost:1', fallback: local}",
    ),
    Code(
        "PPF556",
        "an object in the store is damaged",
        "What was fetched is not what its name says, and was not kept: the name of an object is the digest of "
        "its content.",
        "Remove the object from the store, and run the step that makes it again.",
        example="aws s3 cp wrong.parquet s3://bucket/pipeproof/ab/cd...",
    ),
    Code(
        "PPF557",
        "nothing may be removed from the object store",
        "`gc --remote` knows what the runs of this project need, and nothing of other projects. So it removes "
        "from a store only after this project has claimed it, and no other may write to it from then on.",
        "Where no other project uses the prefix: pipeproof gc --remote --claim. Otherwise give each its own prefix.",
        example="pipeproof gc --remote     # in a bucket that nobody has claimed",
    ),
)
