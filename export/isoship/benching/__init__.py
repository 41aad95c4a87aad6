"""The bench: what each shipped form costs on this machine, in time, memory and bytes."""
