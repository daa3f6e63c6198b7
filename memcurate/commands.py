"""The entry point of the command `memcurate`."""


def run() -> None:
    """Run the command line. Raises SystemExit where its packages are not installed."""
    try:
        from stages.cli.main import run as run_command_line  # its packages are an extra
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] in ("pipeline", "stages", "training"):
            raise
        raise SystemExit(
            f"memcurate: the package {error.name} is missing, which the commands need and the environment "
            "does not. Run `pip install 'memcurate[pipeline]'`."
        ) from error
    run_command_line()
