"""``python -m grafana``: write dashboards and alert rules, ``--check`` them, or ``--publish URL``."""

from __future__ import annotations

import os

import click

from grafana.files import behind, files
from grafana.publish import connect, publish
from hadir.errors import HadirError


@click.command()
@click.option("--check", is_flag=True, help="Write nothing; fail when a file is behind.")
@click.option("--publish", "url", metavar="URL", help="Bring a running Grafana up to date; token: HADIR_GRAFANA_TOKEN.")
def main(check: bool, url: str | None) -> None:
    """Write the dashboards and alert rules that Grafana reads at its start."""
    if check:
        if late := behind():
            raise click.ClickException("behind, run python -m grafana: " + ", ".join(path.name for path in late))
    elif url:
        try:
            publish(connect(url, os.environ.get("HADIR_GRAFANA_TOKEN", "")), click.echo)
        except HadirError as error:
            raise click.ClickException(str(error)) from None
    else:
        for path, text in files().items():
            path.write_text(text)


if __name__ == "__main__":
    main()
