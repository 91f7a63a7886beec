"""Personal data: found in tables, masked where values are shown, replaced so that joins still work."""
