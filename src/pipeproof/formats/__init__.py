"""Reading and writing data in the formats that code outside wants."""
