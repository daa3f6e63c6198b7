"""Where the episodes of the evaluations lie, of the methods on their own and of the trained model."""

from pathlib import Path

from stages.running import EVALUATION, TRAINED_EVALUATION


def episode_files() -> list[tuple[str, Path]]:
    """List (method, file of its episodes); a method that both evaluations played is there twice."""
    folders = (EVALUATION / "episodes", TRAINED_EVALUATION / "episodes")
    return [(path.stem, path) for folder in folders for path in sorted(folder.glob("*.parquet"))]
