"""Tools of the developers: nothing here is imported by the packages, or installed with them."""
