"""Options, financial and real: closed forms, approximations, lattices and simulation."""
