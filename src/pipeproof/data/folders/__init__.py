"""Folders of data: what they hold, whether they still hold it, and the same table in another format."""
