"""The Open Data Contract Standard, 3.0 to 3.2: our own form of contract files.

A document is read into the schemas of its tables, and kept whole. Written again, what has not been changed
stays to the letter, whether we understand it or not; of what has been changed, only that is.
"""

from pipeproof.standards.odcs.document import Document, is_odcs, read, write
from pipeproof.standards.odcs.steps import contract_of, document_of

__all__ = ["Document", "contract_of", "document_of", "is_odcs", "read", "write"]
