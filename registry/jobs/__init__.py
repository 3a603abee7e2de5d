"""Work in bulk: taken at once, carried out slice by slice by whichever process is free."""
