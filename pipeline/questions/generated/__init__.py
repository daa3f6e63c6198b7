"""Questions that models write, and changes that models make to questions."""
