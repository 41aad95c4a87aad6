"""The row program: the whole canonical graph as data, which `isoship_edge.rows` answers one row with."""
