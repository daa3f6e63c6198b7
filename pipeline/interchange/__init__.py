"""The dataset in other formats, and back."""
